//! What the server announces: a banner at the top, until it is closed or has been up long enough to be read.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { model } from "./model.ts";

const BANNER_SECONDS = 20;

export function Banner(): JSX.Element {
  const banner = model.banner.value;
  const close = () => {
    model.banner.value = undefined;
  };
  useEffect(() => {
    if (!banner) return undefined;
    const timer = setTimeout(close, BANNER_SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [banner]);
  // The region is always present, so that screen readers announce additions.
  return (
    <div class="banner" role="status">
      {banner && (
        <div class="panel" key={banner.key}>
          <p>{banner.text}</p>
          <button type="button" aria-label={t("banner.close")} onClick={close}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}
