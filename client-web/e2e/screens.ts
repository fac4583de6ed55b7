//! The screens of the game without a game: a page that fills the interface's model with the longest values, for `screens.test.ts`.

import { batch } from "@preact/signals";
import { type Language, languages, setLanguage } from "../src/locale/locale.ts";
import { change } from "../src/page/settings.ts";
import { openMenu } from "../src/practice/practice.tsx";
import { mountApp } from "../src/ui/app.tsx";
import { followAppearance } from "../src/ui/appearance.ts";
import { type Actions, hudAtRest, model, noRound, type Phase } from "../src/ui/model.ts";
import { CloseCode } from "../src/wasm/schema.ts";

const LONG_NAME = "Wwwwwwwwwwwwwwww";
/** The share of a line's height by which it may reach into another. */
const OVERLAP = 0.4;
/** What the server says when it closes a room. */
const ROOM_CLOSED = { code: 4005, reason: "this room was closed by a moderator" };

const idle = new Proxy({} as Actions, { get: () => () => undefined });

function fill(): void {
  model.mode.value = "Free for all";
  model.room.value = "belt-1";
  model.player.value = 1;
  model.hud.value = {
    ...hudAtRest,
    health: 111,
    healthMax: 115,
    energy: 100,
    energyMax: 100,
    hold: 24,
    holdMax: 24,
    score: 123_456,
    purse: 12_345,
    streak: 12,
    costs: [1200, 1200, 1200, 0],
    levels: { hull: 1, engine: 2, gun: 0, hold: 3 },
    roundSeconds: 432,
    respawnSeconds: 5,
  };
  const upgrades = [100, 100, 10, 12].map((base) => [base, base * 1.15, base * 1.3, base * 1.45]);
  model.upgrades.value = [upgrades, upgrades, upgrades];
  model.quotes.value = ["Ceres", "Pallas", "Vesta"].map((name, index) => ({
    index,
    name,
    x: 0,
    y: 0,
    radius: 9,
    price: 12.3,
    base: 10,
  }));
  model.modes.value = ["Free for all", "Teams", "Duel"].map((title, at) => ({
    name: title,
    title,
    kind: "",
    isUsual: at === 0,
    players: 12 * at,
  }));
  model.scores.value = {
    teams: [],
    players: 16,
    humans: 12,
    rows: Array.from({ length: 9 }, (_, at) => ({
      player: at + 1,
      rank: at + 1,
      name: at % 2 ? LONG_NAME : "Ada",
      score: 123_456 - at,
      own: at === 0,
      drone: at > 4,
      team: 0,
    })) as unknown as typeof model.scores.value.rows,
  };
  const line = (key: number, kind: "kill" | "chat", text: string) => ({
    key,
    kind,
    name: LONG_NAME,
    text,
    own: null,
    canMute: true,
  });
  model.kills.value = [line(1, "kill", LONG_NAME), line(2, "kill", "Ada")];
  model.chat.value = [
    line(3, "chat", "A message that is rather long, as people write them when they wait."),
    line(4, "chat", "o7"),
  ];
  model.toasts.value = [{ key: 5, text: "+1234", tone: "ore" }];
  model.rttMs.value = 123;
}

interface Shown {
  set(): void;
  /** What is loaded when it is shown, or opened by a click on the other. */
  awaited?: string;
  click?: string;
}

const screens = {
  join: { set: () => phase("join") },
  invited: {
    set: () => {
      phase("join");
      model.room.value = "locked-wwwwwwwwwwwwww-abcdefghjk";
    },
  },
  room: { set: () => phase("join"), click: ".launch > button:not(.primary)", awaited: ".private-room" },
  settings: { set: () => phase("join"), click: ".all-settings", awaited: ".settings-page" },
  hud: {
    set: () => {
      phase("playing");
      model.hint.value = "shoot";
      model.hits.value = [{ player: 2, key: 1, name: LONG_NAME, angle: 2.4 }];
    },
    awaited: ".hit",
  },
  shop: {
    set: () => {
      phase("playing");
      model.hud.value = { ...model.hud.value, docked: 0 };
    },
    awaited: ".docked",
  },
  chat: {
    set: () => {
      phase("playing");
      model.chatOpen.value = true;
    },
    awaited: ".chat form",
  },
  wheel: {
    set: () => {
      phase("playing");
      model.signalsOpen.value = true;
    },
    awaited: ".wheel",
  },
  player: { set: () => phase("playing"), click: ".board .player-name", awaited: ".player-menu" },
  menu: {
    set: () => {
      phase("playing");
      model.menuOpen.value = true;
    },
    awaited: ".dialog",
  },
  stalled: {
    set: () => {
      phase("playing");
      model.stalled.value = true;
    },
  },
  dead: {
    set: () => {
      phase("dead");
      model.killedBy.value = LONG_NAME;
      model.carried.value = 12;
      model.damage.value = [
        { name: LONG_NAME, hits: 7, damage: 77 },
        { name: "Ada", hits: 1, damage: 11 },
        { name: "", hits: 0, damage: 27 },
      ];
    },
    awaited: ".damage",
  },
  podium: { set: showPodium, awaited: ".podium" },
  queued: { set: () => phase("queued") },
  reconnecting: { set: () => phase("reconnecting") },
  goodbye: {
    set: () => {
      phase("goodbye");
      model.goodbye.value = ROOM_CLOSED;
    },
  },
  password: {
    set: () => {
      phase("goodbye");
      model.goodbye.value = { code: CloseCode.WrongPassword, reason: "" };
    },
  },
  practice: {
    set: () => {
      phase("join");
      openMenu(() => undefined);
    },
    awaited: ".practice",
  },
} satisfies Record<string, Shown>;
export type Screen = keyof typeof screens;

function showPodium(): void {
  phase("playing");
  const kinds = ["winner", "haul", "hunter", "escape", "survivor"] as const;
  model.round.value = {
    number: 12,
    podium: true,
    awards: kinds.map((kind) => ({ kind, name: LONG_NAME, value: 12_345, own: kind === "haul" })),
    candidates: ["Ring", "Cluster", "Corridor"].map((title, votes) => ({ title, votes })),
  };
  model.highlight.value = { name: LONG_NAME, victim: "Ada", kills: 3, seconds: 9, bounty: 120 };
}

function phase(next: Phase): void {
  batch(() => {
    fill();
    model.phase.value = next;
    model.menuOpen.value = false;
    model.chatOpen.value = false;
    model.signalsOpen.value = false;
    model.playerMenu.value = undefined;
    model.practice.value = undefined;
    model.stalled.value = false;
    model.round.value = noRound;
    model.hint.value = "";
    model.hits.value = [];
    model.damage.value = [];
    if (next === "join") model.room.value = "";
  });
}

const tick = () => new Promise((resolve) => setTimeout(resolve));

async function show(screen: Screen, language: Language): Promise<void> {
  await setLanguage(language);
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  // Components keep what they have opened only as long as they are there.
  batch(() => {
    phase("connecting");
  });
  await tick();
  const shown: Shown = screens[screen];
  shown.set();
  await tick();
  if (shown.click) document.querySelector<HTMLElement>(shown.click)?.click();
  while (shown.awaited && !document.querySelector(shown.awaited)) await tick();
  await tick();
}

/** A piece of text that can be seen. */
interface Piece {
  text: string;
  colour: string;
  block: Element;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The screen in front: what is behind it may be covered. */
const FRONT = [
  ".settings-page",
  ".private-room",
  ".player-menu",
  ".dialog",
  ".podium",
  ".wheel",
  ".join",
  "#ui",
];

function front(): Element {
  return FRONT.map((one) => document.querySelector(one)).find((one) => one !== null)!;
}

function pieces(): Piece[] {
  const walker = document.createTreeWalker(front(), NodeFilter.SHOW_TEXT);
  const found: Piece[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement!;
    if (
      !node.textContent?.trim() ||
      parent.closest("option, dialog:not(:scope)") !== parent.closest(":scope dialog")
    )
      continue;
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const edge = clipOf(parent);
    for (const rect of range.getClientRects()) {
      const { left, top, bottom } = rect;
      const right = Math.min(rect.right, edge);
      found.push({
        text: node.textContent.trim(),
        colour: getComputedStyle(parent).color,
        block: blockOf(parent),
        left,
        top,
        right,
        bottom,
      });
    }
  }
  return found;
}

/** The right edge beyond which an ellipsis stands for the text. */
function clipOf(element: Element): number {
  const clip = element.closest(".name");
  return clip ? clip.getBoundingClientRect().right : Number.POSITIVE_INFINITY;
}

/** The element that lays out the line of an inline element. */
function blockOf(element: Element): Element {
  let block = element;
  while (getComputedStyle(block).display === "inline" && block.parentElement) block = block.parentElement;
  return block;
}

/** Text that is cut off, lies on other text or runs into it, or leaves the picture at the side. */
function faults(): string[] {
  const found: string[] = [];
  const all = pieces();
  for (const element of document.querySelectorAll<HTMLElement>("#ui *")) {
    const style = getComputedStyle(element);
    if (element.scrollWidth <= element.clientWidth + 1 || element.clientWidth === 0) continue;
    if (style.overflowX === "visible" || style.textOverflow === "ellipsis" || element.matches("input"))
      continue;
    found.push(`cut off: ${element.className} "${element.textContent?.slice(0, 40)}"`);
  }
  all.forEach((one, at) => {
    if (one.left < -1 || one.right > innerWidth + 1) found.push(`outside: "${one.text}"`);
    for (const other of all.slice(at + 1)) {
      if (one.block === other.block) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      // The boxes of large letters reach beyond their lines.
      const lines = Math.min(one.bottom - one.top, other.bottom - other.top);
      if (across > -1 && down > lines * OVERLAP) found.push(`together: "${one.text}" and "${other.text}"`);
    }
  });
  const targets = [...front().querySelectorAll<HTMLElement>("button, a, input, select")].filter((one) =>
    one.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
  );
  const boxes = targets.map((one) => one.getBoundingClientRect());
  targets.forEach((one, at) => {
    for (let next = at + 1; next < targets.length; next += 1) {
      const across =
        Math.min(boxes[at].right, boxes[next].right) - Math.max(boxes[at].left, boxes[next].left);
      const down = Math.min(boxes[at].bottom, boxes[next].bottom) - Math.max(boxes[at].top, boxes[next].top);
      if (across > 1 && down > 1) found.push(`targets: ${nameOf(one)} and ${nameOf(targets[next])}`);
    }
  });
  return [...new Set(found)];
}

function nameOf(element: HTMLElement): string {
  return `"${element.title || element.textContent || element.getAttribute("name")}"`;
}

followAppearance();
// A picture must not show the beginning of an animation.
document.body.classList.add("calm");
mountApp(document.querySelector<HTMLElement>("#ui")!, idle);
Object.assign(globalThis, {
  gallery: {
    names: Object.keys(screens),
    languages: Object.keys(languages),
    show,
    faults,
    change,
    texts: () => pieces().map(({ block: _, ...piece }) => piece),
  },
});

declare global {
  var gallery: {
    names: Screen[];
    languages: Language[];
    show(screen: Screen, language: Language): Promise<void>;
    faults(): string[];
    change: typeof change;
    texts(): Omit<Piece, "block">[];
  };
}
