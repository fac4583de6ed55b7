//! The words of the quick chat.

/** In the order of their numbers: four pings, four emotes. */
export const SIGNALS = ["help", "ore", "danger", "thanks", "wave", "laugh", "cheer", "sorry"] as const;
