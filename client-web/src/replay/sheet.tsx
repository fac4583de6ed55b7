//! The frame of the pages that list what can be watched, and a row's link.

import type { ComponentChildren, JSX } from "preact";
import { t } from "../locale/locale.ts";
import { replayModel } from "./model.ts";

/** A list's page; `other` is the page of the other list. */
export function Sheet(props: {
  title: string;
  other: { path: string; title: string };
  children: ComponentChildren;
}): JSX.Element {
  const { title, other, children } = props;
  return (
    <main class="recordings sheet">
      <header>
        <h1>{title}</h1>
        <a href={other.path}>{other.title}</a>
        <a href="./">{t("replay.game")}</a>
      </header>
      {replayModel.fault.value && (
        <p class="panel fault-line" role="alert">
          {replayModel.fault.value}
        </p>
      )}
      {children}
    </main>
  );
}

/** A link that opens in this page, unless the click asks for another tab or window. */
export function RowLink(props: { path: string; open(): void; children: ComponentChildren }): JSX.Element {
  return (
    <a
      href={props.path}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        props.open();
      }}
    >
      {props.children}
    </a>
  );
}
