//! The icons of the interface, in the colour of the text.

import type { JSX } from "preact";

const paths = {
  hull: "M12 2 20 5v6c0 5-3.4 8.6-8 11-4.6-2.4-8-6-8-11V5z",
  energy: "M13 2 4 14h6l-1 8 9-12h-6z",
  hold: "M12 2 21 7v10l-9 5-9-5V7zM3 7l9 5 9-5M12 12v10",
  engine: "M4 8h9l7 4-7 4H4l3-4zM2 6v12",
  mine: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10M12 2v5M12 17v5M2 12h5M17 12h5M5 5l3.500 3.500M15.500 15.500 19 19M19 5l-3.500 3.500M8.500 15.500 5 19",
  gun: "M3 10h12v4H3zM15 11h6v2h-6M6 14l-1 5h4l1-5",
  sound: "M4 9h4l5-4v14l-5-4H4zM16 8c2 2 2 6 0 8M18.5 5.5c3.5 3.5 3.5 9.5 0 13",
  mute: "M4 9h4l5-4v14l-5-4H4zM16 9l6 6M22 9l-6 6",
  chat: "M4 5h16v11h-9l-5 4v-4H4zM8 9h8M8 12h5",
  signal: "M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4",
  menu: "M4 6h16M4 12h16M4 18h16",
  skull:
    "M12 3c-5 0-8 3.300-8 7.500 0 3 1.500 4.700 3 5.700V20h10v-3.800c1.500-1 3-2.700 3-5.700C20 6.300 17 3 12 3zM9 11v1M15 11v1M12 15v1",
  arrow: "M4 12h14M13 6l6 6-6 6",
  play: "M7 4 20 12 7 20z",
  pause: "M7 4v16M17 4v16",
  link: "M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1",
  step: "M5 4v16M10 5l9 7-9 7z",
  stepBack: "M19 4v16M14 5l-9 7 9 7z",
  mark: "M3 12h12M10 6l6 6-6 6M20 4v16",
  markBack: "M21 12H9M14 6l-6 6 6 6M4 4v16",
  slow: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3 3",
  film: "M3 5h18v14H3zM7 5v14M17 5v14M3 9.500h4M3 14.500h4M17 9.500h4M17 14.500h4",
  hide: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM4 20 20 4",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  help: "M8.500 9a3.500 3.500 0 1 1 5 3.200c-1 .5-1.500 1.100-1.500 2.300M12 18.500v.5",
} as const;

export type IconName = keyof typeof paths;

/** The path of an icon, in a square of 24 units. */
export function iconPath(name: IconName): string {
  return paths[name];
}

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
