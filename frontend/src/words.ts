/** The card's own words. Names of values come from the integration, in the user's language. */

import type { Link } from "./types";

const en = {
  title: "Smart meter",
  description: "Live power, all values and the state of the link of a smart meter",
  import: "Drawing from the grid",
  export: "Feeding into the grid",
  none: "No power either way",
  unknown: "Power not known",
  drawn: "Drawn",
  fed: "Fed in",
  today: "Today",
  today_pending: "not yet counted",
  curve: "Power of the last {minutes} min",
  curve_text: "{now}. In the last {minutes} min between {low} and {high} W, {gaps} gaps.",
  curve_empty: "No power was told in the last {minutes} min.",
  curve_seldom: "This meter sends every {minutes} min: the curve has single points.",
  one_way: "This meter tells only what is drawn.",
  phases: "Phases",
  phase: "Phase",
  voltage: "Voltage",
  current: "Current",
  values: "All values",
  value: "Value",
  quantity: "Quantity",
  code: "Code",
  absent: "not sent",
  link_heard: "The meter is heard",
  link_waiting: "Waiting for the first telegram",
  link_silent: "The meter is silent: nothing arrives any more",
  link_unreadable: "Telegrams arrive, but cannot be read",
  link_port: "The port cannot be used: is the adapter plugged in?",
  link_lent: "The port is lent to another program",
  link_stopped: "There is no such meter, or its integration is not running",
  field_device: "Meter (empty: the first one)",
  field_title: "Title",
  field_minutes: "Length of the curve in minutes",
};

type Words = typeof en;
export type Word = keyof Words;

const de: Words = {
  title: "Smart Meter",
  description: "Leistung live, alle Werte und der Zustand der Verbindung eines Smart Meters",
  import: "Bezug aus dem Netz",
  export: "Einspeisung ins Netz",
  none: "Weder Bezug noch Einspeisung",
  unknown: "Leistung nicht bekannt",
  drawn: "Bezogen",
  fed: "Eingespeist",
  today: "Heute",
  today_pending: "noch nicht gezählt",
  curve: "Leistung der letzten {minutes} min",
  curve_text: "{now}. In den letzten {minutes} min zwischen {low} und {high} W, {gaps} Lücken.",
  curve_empty: "In den letzten {minutes} min kam keine Leistung.",
  curve_seldom: "Dieser Zähler sendet alle {minutes} min: die Kurve besteht aus einzelnen Punkten.",
  one_way: "Dieser Zähler nennt nur den Bezug.",
  phases: "Phasen",
  phase: "Phase",
  voltage: "Spannung",
  current: "Strom",
  values: "Alle Werte",
  value: "Wert",
  quantity: "Größe",
  code: "Code",
  absent: "nicht gesendet",
  link_heard: "Der Zähler ist zu hören",
  link_waiting: "Warten auf das erste Telegramm",
  link_silent: "Der Zähler schweigt: es kommt nichts mehr an",
  link_unreadable: "Telegramme kommen an, sind aber nicht lesbar",
  link_port: "Der Anschluss ist nicht benutzbar: steckt der Adapter?",
  link_lent: "Der Anschluss ist an ein anderes Programm verliehen",
  link_stopped: "Diesen Zähler gibt es nicht, oder seine Integration läuft nicht",
  field_device: "Zähler (leer: der erste)",
  field_title: "Titel",
  field_minutes: "Länge der Kurve in Minuten",
};

const LANGUAGES: Record<string, Words> = { en, de };

/** Return the words of a language, English where there are none. */
export function words(language: string | undefined): (word: Word, fill?: Record<string, string | number>) => string {
  const table = LANGUAGES[(language ?? "en").split("-")[0]!] ?? en;
  return (word, fill = {}) =>
    Object.entries(fill).reduce((text, [name, value]) => text.replace(`{${name}}`, String(value)), table[word]);
}

export function linkWord(link: Link): Word {
  return `link_${link}`;
}
