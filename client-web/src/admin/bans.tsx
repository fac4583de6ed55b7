//! Banned addresses.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { order } from "./model.ts";
import { BanFields } from "./rooms.tsx";

export function Bans(): JSX.Element {
  return (
    <section class="panel detail" aria-label={t("admin.section.bans")}>
      <form
        class="entry"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const fields = new FormData(form);
          const address = String(fields.get("address")).trim();
          const seconds = Number(fields.get("seconds"));
          void order("bans", { address, seconds }, t("admin.banned", { name: address })).then((done) => {
            if (done) form.reset();
          });
        }}
      >
        <label>
          <span>{t("admin.address")}</span>
          <input name="address" autocomplete="off" required maxLength={64} placeholder="192.0.2.1" />
        </label>
        <BanFields />
        <button type="submit" class="danger">
          {t("admin.ban")}
        </button>
      </form>
    </section>
  );
}
