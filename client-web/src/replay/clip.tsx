//! Cuts clips: where one begins and ends, the file, and a link to it.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { copyText } from "../browser/clipboard.ts";
import { save } from "../browser/save.ts";
import { t } from "../locale/locale.ts";
import { publicUrl, serverUrl } from "../page/address.ts";
import { clockAt } from "./marks.ts";
import { replayModel } from "./model.ts";
import type { Player } from "./player.ts";

export function ClipBar({ player }: { player: Player }): JSX.Element {
  const { from, to } = replayModel.clip.value;
  const said = useSignal("");
  const link = useSignal("");
  const cut = async (use: (clip: Uint8Array<ArrayBuffer>) => Promise<string> | string) => {
    if (from === undefined || to === undefined) return;
    link.value = "";
    try {
      said.value = await use(await player.cut(from, to));
    } catch (error) {
      said.value = t("clip.failed", { reason: error instanceof Error ? error.message : String(error) });
    }
  };
  const saveClip = (clip: Uint8Array<ArrayBuffer>) => {
    const name = `${player.info.name}-${clockAt(from ?? 0, player.info).replace(":", "-")}.belt`;
    save(clip, name);
    return t("clip.saved", { name });
  };
  const keep = async (clip: Uint8Array<ArrayBuffer>) => {
    const response = await fetch(`${serverUrl()}api/clips`, { method: "POST", body: clip });
    if (!response.ok) throw new Error(await response.text());
    const { path } = (await response.json()) as { path: string };
    link.value = publicUrl(path.slice(1));
    return t((await copyText(link.value)) ? "clip.copied" : "clip.kept");
  };
  const isWhole = from !== undefined && to !== undefined && from < to;
  const at = (tick: number | undefined) => (tick === undefined ? "" : ` ${clockAt(tick, player.info)}`);
  return (
    <fieldset class="clip" aria-label={t("clip.title")}>
      <button type="button" title={t("clip.fromHint")} onClick={() => player.mark("from")}>
        {t("clip.from")}
        {at(from)}
      </button>
      <button type="button" title={t("clip.toHint")} onClick={() => player.mark("to")}>
        {t("clip.to")}
        {at(to)}
      </button>
      <button type="button" disabled={!isWhole} title={t("clip.saveHint")} onClick={() => void cut(saveClip)}>
        {t("clip.save")}
      </button>
      {replayModel.keepsClips.value && (
        <button type="button" disabled={!isWhole} onClick={() => void cut(keep)}>
          {t("clip.keep")}
        </button>
      )}
      {said.value && (
        <span class="small" role="status">
          {said.value} {link.value && <a href={link.value}>{link.value}</a>}
        </span>
      )}
    </fieldset>
  );
}
