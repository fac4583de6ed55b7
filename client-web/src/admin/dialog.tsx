//! A question before an act that cannot be undone, with what the act needs.

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";

export function Dialog(props: {
  title: string;
  /** What the button that acts says. */
  act: string;
  danger?: boolean;
  children?: ComponentChildren;
  confirm(fields: FormData): void;
  close(): void;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  // The browser keeps the focus inside, and gives it back.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="panel dialog" aria-label={props.title} onClose={props.close}>
      <form
        method="dialog"
        onSubmit={(event) => {
          props.confirm(new FormData(event.currentTarget));
        }}
      >
        <h2>{props.title}</h2>
        {props.children}
        <div class="row">
          <button type="button" onClick={() => dialog.current?.close()}>
            {t("admin.cancel")}
          </button>
          <button type="submit" class={props.danger ? "danger" : "primary"}>
            {props.act}
          </button>
        </div>
      </form>
    </dialog>
  );
}
