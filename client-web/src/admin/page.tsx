//! The console: rooms, players, the server, bans and the log, for who has the host's token or a link that the host has printed.

import "../locale/pages.ts";
import { signal } from "@preact/signals";
import { type ComponentType, type JSX, render } from "preact";
import { useEffect } from "preact/hooks";
import "./style.css";
import { t } from "../locale/locale.ts";
import type { Hosts } from "../page/hosts.ts";
import { Bans } from "./bans.tsx";
import { Log } from "./log.tsx";
import { admin, keepUp, logIn, logOut, SECTIONS } from "./model.ts";
import { Reports } from "./reports.tsx";
import { Rooms } from "./rooms.tsx";
import { ServerSection } from "./server.tsx";

/** Opens the page at `/admin`, or at `/admin#<secret of a link>`. */
export function openAdminPage(hosts: Hosts): void {
  const link = location.hash.slice(1);
  if (link !== "") {
    // The secret is used up: it has no place in the history.
    history.replaceState(null, "", location.pathname);
    admin.loggedIn.value = false;
    void logIn({ link });
  }
  render(<Page stage={hosts.stage} />, hosts.ui);
  keepUp();
}

/** Loaded when it is first used, since it brings the renderer. */
const travel = signal<ComponentType<{ host: HTMLElement }> | undefined>(undefined);

async function loadTravel(): Promise<void> {
  const { Travel } = await import("./travel.tsx");
  travel.value = Travel;
}

function Page({ stage }: { stage: HTMLElement }): JSX.Element {
  const travels = admin.loggedIn.value && admin.travel.value !== undefined;
  useEffect(() => {
    if (travels) void loadTravel();
  }, [travels]);
  if (travels) {
    const Travel = travel.value;
    return Travel ? <Travel host={stage} /> : <div class="spinner" aria-hidden="true" />;
  }
  return (
    <main class="admin sheet scrolls">
      <header>
        <h1>{t("admin.title")}</h1>
        <a href="./">{t("replay.game")}</a>
        {admin.loggedIn.value && (
          <button type="button" onClick={logOut}>
            {t("admin.logOut")}
          </button>
        )}
      </header>
      {admin.loggedIn.value ? <Console /> : <LogIn />}
    </main>
  );
}

function LogIn(): JSX.Element {
  return (
    <form
      class="panel login"
      onSubmit={(event) => {
        event.preventDefault();
        const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
        if (token !== "") void logIn({ token });
      }}
    >
      <label>
        <span>{t("admin.token")}</span>
        <input name="token" type="password" autocomplete="current-password" required />
      </label>
      <button type="submit" class="primary">
        {t("admin.logIn")}
      </button>
      <p class="small">{t("admin.linkHint")}</p>
      <Messages />
    </form>
  );
}

function Console(): JSX.Element {
  const section = admin.section.value;
  return (
    <>
      <nav class="segments" aria-label={t("admin.title")}>
        {SECTIONS.map((key) => (
          <button
            key={key}
            type="button"
            aria-pressed={section === key}
            onClick={() => {
              admin.section.value = key;
            }}
          >
            {t(`admin.section.${key}`)}
          </button>
        ))}
      </nav>
      <Messages />
      {section === "rooms" && <Rooms />}
      {section === "server" && <ServerSection />}
      {section === "reports" && <Reports />}
      {section === "bans" && <Bans />}
      {section === "log" && <Log />}
    </>
  );
}

function Messages(): JSX.Element {
  return (
    <>
      <p class="fault-line" role="alert">
        {admin.fault.value}
      </p>
      <p class="news-line" role="status">
        {admin.news.value}
      </p>
    </>
  );
}
