//! What all pages share: the elements that they fill, and how they wait for the core.

/** Where a page puts its two layers. */
export interface Hosts {
  stage: HTMLElement;
  ui: HTMLElement;
}

/** For a promise that the page also awaits: that is where its failure is reported. */
export function reportedElsewhere(): void {}
