/** `smart-meter-panel`: every meter's card under an entry of the side bar, without editing a dashboard. */

import { css, html, LitElement, type TemplateResult } from "lit";
import type { SmartMeterCard } from "./card";
import type { Hass } from "./types";
import { words } from "./words";

const DOMAIN = "smart_meter";

/** Devices of the integration that carry a meter's identifier, in the order of their names. */
export function meters(hass: Hass): string[] {
  return Object.values(hass.devices ?? {})
    .filter((device) => device.identifiers.some(([domain]) => domain === DOMAIN) && !device.disabled_by)
    .sort((a, b) => (a.name ?? "").localeCompare(b.name ?? "", hass.language))
    .map((device) => device.id);
}

export class SmartMeterPanel extends LitElement {
  static properties = { hass: { attribute: false }, narrow: { type: Boolean } };

  hass?: Hass;
  narrow = false;
  private cards = new Map<string, SmartMeterCard>();

  protected render(): TemplateResult {
    const title = words(this.hass?.language)("title");
    return html`<header>
        <ha-menu-button .hass=${this.hass} .narrow=${this.narrow}></ha-menu-button>
        <h1>${title}</h1>
      </header>
      <main>${this.hass ? meters(this.hass).map((device) => this.card(device, this.hass!)) : ""}</main>`;
  }

  private card(device: string, hass: Hass): SmartMeterCard {
    let card = this.cards.get(device);
    if (!card) {
      card = document.createElement("smart-meter-card") as SmartMeterCard;
      card.setConfig({ type: "custom:smart-meter-card", device });
      this.cards.set(device, card);
    }
    card.hass = hass;
    return card;
  }

  static styles = css`
    :host { display: block; min-height: 100%; background: var(--primary-background-color); color: var(--primary-text-color); }
    header {
      display: flex; align-items: center; height: var(--header-height, 56px); padding: 0 12px;
      background: var(--app-header-background-color); color: var(--app-header-text-color, inherit);
      border-bottom: 1px solid var(--divider-color);
    }
    h1 { font-size: 20px; font-weight: 400; margin: 0 0 0 12px; }
    main { display: grid; gap: 16px; padding: 16px; max-width: 1100px; margin: 0 auto; }
  `;
}
