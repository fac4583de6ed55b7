//! Banned addresses.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { admin, order } from "./model.ts";
import { BanFields, banOf } from "./rooms.tsx";
import { date } from "./units.ts";

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
          void order("bans", { address, ...banOf(fields) }, t("admin.banned", { name: address })).then(
            (done) => {
              if (done) form.reset();
            },
          );
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
      {admin.bans.value.length === 0 && <p class="small">{t("admin.noBans")}</p>}
      <ul class="seats">
        {admin.bans.value.map((ban) => (
          <li key={ban.address}>
            <b>{ban.address}</b>
            <span class="small">
              {[t("admin.until", { time: date(ban.until) }), ban.reason, ban.author]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <span class="acts">
              <button
                type="button"
                onClick={() => {
                  const { address } = ban;
                  void order("pardons", { address }, t("admin.pardoned", { name: address }));
                }}
              >
                {t("admin.pardon")}
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
