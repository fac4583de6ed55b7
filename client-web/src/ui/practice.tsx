//! The button that opens practice, which is loaded when it is first asked for.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import type { Actions } from "./model.ts";

export function PracticeButton({ actions }: { actions: Actions }): JSX.Element {
  const failed = useSignal(false);
  const open = async () => {
    actions.click();
    failed.value = !(await actions.practise());
  };
  return (
    <>
      <button type="button" onClick={() => void open()}>
        {t("practice.open")}
      </button>
      {failed.value && <p role="alert">{t("practice.failed")}</p>}
    </>
  );
}
