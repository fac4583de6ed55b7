//! A line at the bottom that says what is wrong with the page while it goes on. It is independent of the other components: it
//! also appears if those fail.

import { type JSX, render } from "preact";
import { t } from "../locale/locale.ts";
import { settle, type Trouble, troubles } from "../page/trouble.ts";

export function mountTroubles(host: HTMLElement): void {
  render(<Troubles />, host);
}

function Troubles(): JSX.Element {
  return (
    <>
      {[...troubles.value].map((trouble) => (
        <Line key={trouble} trouble={trouble} />
      ))}
    </>
  );
}

function Line({ trouble }: { trouble: Trouble }): JSX.Element {
  return (
    <p class="panel trouble" role="status">
      {t(`trouble.${trouble}`)}
      <button type="button" onClick={() => location.reload()}>
        {t("link.reload")}
      </button>
      <button type="button" onClick={() => settle(trouble)}>
        {t("trouble.hide")}
      </button>
    </p>
  );
}
