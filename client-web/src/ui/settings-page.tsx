//! All settings, in a dialog that is loaded when it is opened.

import "./style/settings.css";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { KeySettings } from "./key-settings.tsx";

export function SettingsPage({ close }: { close(): void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="panel settings-page"
      aria-label={t("settings.title")}
      onClose={close}
      // What is typed here is not for the page behind.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{t("settings.title")}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          {t("settings.close")}
        </button>
      </header>
      <KeySettings />
    </dialog>
  );
}
