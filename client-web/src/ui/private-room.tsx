//! Opens or joins a private room, by a code and an optional password. Loaded when it is first opened.

import "./style/private-room.css";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { lockedRoom } from "../page/address.ts";
import type { Actions } from "./model.ts";
import { VerbatimField } from "./verbatim-field.tsx";

/** The name of a room has 32 characters at most; the server adds what stands for the password. */
const CODE_LIMIT_CHARS = 14;
const PASSWORD_LIMIT_CHARS = 32;
/** The letters of new codes: none looks like another. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const NEW_CODE_CHARS = 6;

/** The code of the last room, kept for another attempt. */
let lastCode = "";

function newCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NEW_CODE_CHARS));
  return [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join("");
}

export function PrivateRoom({ actions, close }: { actions: Actions; close(): void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const code = useSignal(lastCode || newCode());
  const password = useSignal("");
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const enter = (event: Event) => {
    event.preventDefault();
    if (code.value === "") return;
    lastCode = code.value;
    const word = password.value.trim();
    actions.enter(word === "" ? code.value : lockedRoom(code.value), word);
  };
  return (
    <dialog
      ref={dialog}
      class="panel private-room"
      aria-label={t("room.title")}
      onClose={close}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <form onSubmit={enter}>
        <h2>{t("room.title")}</h2>
        <p class="small">{t("room.lead")}</p>
        <VerbatimField
          label={t("room.code")}
          name="code"
          required
          maxLength={CODE_LIMIT_CHARS}
          value={code.value}
          onInput={(event) => {
            code.value = event.currentTarget.value.toLowerCase().replace(/[^a-z0-9]/g, "");
            event.currentTarget.value = code.value;
          }}
        />
        <VerbatimField
          label={t("room.password")}
          name="password"
          maxLength={PASSWORD_LIMIT_CHARS}
          placeholder={t("room.none")}
          value={password.value}
          onInput={(event) => {
            password.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="primary">
          {t("room.enter")}
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          {t("room.close")}
        </button>
      </form>
    </dialog>
  );
}
