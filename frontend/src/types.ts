/** What the integration tells over `smart_meter/subscribe`, and the parts of Home Assistant's frontend the card uses. */

export type Link = "heard" | "waiting" | "silent" | "unreadable" | "port" | "lent" | "stopped";

export interface Row {
  key: string;
  name: string;
  /** Exact decimal or text; null where the meter does not send it now. */
  value: string | null;
  number: boolean;
  unit: string | null;
}

export interface State {
  meter: { id: string; name: string; number: string | null } | null;
  link: Link;
  /** Times are seconds since the epoch on Home Assistant's clock. */
  now?: number;
  heard?: number | null;
  interval?: number | null;
  /** Active power in W, positive while the household draws; `export` tells whether the meter measures both ways. */
  power?: { at: number; net: number; export: boolean } | null;
  energy?: { import: string | null; export: string | null };
  rows: Row[];
}

export interface Hass {
  language: string;
  locale?: { language: string };
  themes?: { darkMode?: boolean };
  devices?: Record<
    string,
    { id: string; identifiers: [string, string][]; name: string | null; disabled_by: string | null }
  >;
  connection: {
    subscribeMessage<T>(callback: (message: T) => void, message: object): Promise<() => Promise<void>>;
  };
  callWS<T>(message: object): Promise<T>;
}

export interface Config {
  type: string;
  /** Device of the meter; absent for the first one. */
  device?: string;
  title?: string;
  /** Length of the curve, 1 to 5. */
  minutes?: number;
}
