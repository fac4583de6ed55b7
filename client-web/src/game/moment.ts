//! Keeps the last seconds of a match, as a clip with a link.

import { copyText } from "../browser/clipboard.ts";
import { t } from "../locale/locale.ts";
import { publicUrl, serverUrl } from "../page/address.ts";
import { addNews } from "./notices.ts";

let asking = false;

/** Asks the server to keep the moment, copies the link, and says what came of it. */
export async function keepMoment(room: string): Promise<void> {
  if (asking || room === "") return;
  asking = true;
  try {
    const response = await fetch(`${serverUrl()}api/watch/${encodeURIComponent(room)}/moments`, {
      method: "POST",
    });
    if (!response.ok) return addNews(t("moment.failed", { reason: await response.text() }));
    const { path } = (await response.json()) as { path: string };
    const link = publicUrl(path.slice(1));
    addNews(t((await copyText(link)) ? "moment.copied" : "moment.kept", { link }));
  } catch (error) {
    addNews(t("moment.failed", { reason: String(error) }));
  } finally {
    asking = false;
  }
}
