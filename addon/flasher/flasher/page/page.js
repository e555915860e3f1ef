// The page of the flasher. It shows what the server says and holds nothing itself, so it may be reloaded at any time.

const PORTS_EVERY = 4000;
const RETRY_AFTER = 2000;
const $ = (id) => document.getElementById(id);

let texts = {};
let shown = null; // the job on the screen
let ports = [];
let firmware = null; // null until the list has come
let upload = null;
let chip = null; // the chip seen at the chosen port, if it was looked at
let dismissed = null; // the finished job the user has gone on from
let lastRequest = null;

// --- words ---

function text(key, values = {}) {
  const found = key.split(".").reduce((part, name) => part?.[name], texts);
  return typeof found === "string" ? fill(found, values) : key;
}

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

async function speak(language) {
  texts = await (await fetch(`static/texts/${language}.json`)).json();
  document.documentElement.lang = language;
  $("language").value = language;
  document.title = text("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  showPorts();
  showFirmware();
  showUpload();
  if (shown) showJob(shown);
}

function firstLanguage() {
  const chosen = localStorage.getItem("language") ?? navigator.language.slice(0, 2);
  return [...$("language").options].some((option) => option.value === chosen) ? chosen : "en";
}

// --- the server ---

async function ask(path, options = {}) {
  const response = await fetch(path, { headers: { "X-Smart-Meter": "1" }, ...options });
  if (response.status === 403) throw Object.assign(new Error("forbidden"), { failure: { kind: "forbidden" } });
  const answer = await response.json();
  if (answer.failure) throw Object.assign(new Error(answer.failure.kind), { failure: answer.failure });
  return answer;
}

const post = (path, data) => ask(path, { method: "POST", body: JSON.stringify(data) });

async function watch() {
  let revision = -1;
  for (;;) {
    try {
      const state = await ask(`api/state?since=${revision}`);
      $("offline").hidden = true;
      if (revision < 0 && state.upload && !chosen("firmware")) {
        upload = state.upload;
        showUpload();
      }
      revision = state.revision;
      if (state.job) showJob(state.job);
    } catch (error) {
      $("offline").hidden = false;
      $("offline").textContent = error.failure ? text("failure.forbidden.1") : text("offline");
      revision = -1;
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
    }
  }
}

async function refreshPorts() {
  if (document.hidden || shown?.running) return;
  try {
    const answer = await ask("api/ports");
    $("ports-unknown").hidden = !answer.holders_unknown;
    if (JSON.stringify(answer.ports) !== JSON.stringify(ports)) {
      ports = answer.ports;
      showPorts();
    }
  } catch {
    // The watch says that the app does not answer.
  }
}

async function loadFirmware() {
  const answer = await ask("api/firmware");
  firmware = answer.firmware;
  $("firmware-problem").hidden = !answer.problem;
  $("firmware-problem").dataset.kind = answer.problem ?? "";
  showFirmware();
}

// --- the form ---

function element(tag, content, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  if (content !== undefined) made.append(...[content].flat());
  return made;
}

function choice(name, value, title, lines, { checked = false, disabled = false } = {}) {
  const input = element("input", undefined, { type: "radio", name, value, checked, disabled });
  return element("label", [input, element("span", title), ...lines], { className: "choice" });
}

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value ?? null;

function showPorts() {
  const before = chosen("port");
  const only = ports.length === 1 ? ports[0].path : null;
  $("ports-none").hidden = ports.length > 0;
  $("look").disabled = ports.length === 0;
  $("ports").replaceChildren(
    ...ports.map((port) => {
      const kind = port.native ? text("port.native") : port.usb ? `USB ${port.usb}` : text("port.built_in");
      const lines = [element("small", [port.maker, port.device, kind].filter(Boolean).join(" · "))];
      const active = port.holders.filter((holder) => holder.active);
      const foreign = active.filter((holder) => holder.domain !== "smart_meter").map((holder) => holder.title);
      if (foreign.length) {
        lines.push(element("small", text("port.held", { titles: foreign.join(", ") }), { className: "held" }));
      } else if (active.length) {
        lines.push(element("small", text("port.held_ours"), { className: "held" }));
      }
      return choice("port", port.path, port.description || port.device, lines, { checked: port.path === (before ?? only) });
    }),
  );
}

function showFirmware() {
  if (!firmware) return;
  const before = chosen("firmware");
  const problem = $("firmware-problem").dataset.kind;
  if (problem) $("firmware-problem").textContent = `${text(`failure.${problem}.0`)}. ${text(`failure.${problem}.1`)}`;
  $("firmware-none").hidden = firmware.length > 0;
  if (!firmware.length) $("own").open = true;
  $("firmware").replaceChildren(
    ...firmware.map((one) => {
      const fits = !chip || one.chips.includes(chip);
      const front = texts.firmware?.front?.[one.front_end] ?? one.front_end;
      const title = [one.board, front].filter(Boolean).join(" · ") || one.name;
      const about = [one.name, text("firmware.version", { version: one.version }), text("firmware.for", { chips: one.chips.join(", ") })];
      const lines = [element("small", about.join(" · "))];
      const notes = one.notes[document.documentElement.lang] ?? one.notes.en;
      if (notes) lines.push(element("small", notes));
      if (!fits) lines.push(element("small", text("firmware.other_chip", { chip }), { className: "held" }));
      const disabled = !fits || Boolean(problem);
      return choice("firmware", one.id, title, lines, { checked: one.id === before && !disabled, disabled });
    }),
  );
}

function showUpload() {
  const words = $("own-words");
  words.hidden = !upload;
  if (!upload) return;
  $("own").open = true;
  words.className = "note warn";
  const name = upload.name;
  const device = upload.image.chip ?? "?";
  const version = upload.image.application?.version;
  words.textContent = text(version ? "own.chosen" : "own.chosen_plain", { name, chip: device, version });
}

async function sendFile(file) {
  const words = $("own-words");
  words.hidden = false;
  words.className = "note";
  words.textContent = text("own.loading", { name: file.name });
  try {
    upload = await ask(`api/upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    for (const input of document.querySelectorAll('input[name="firmware"]')) input.checked = false;
    showUpload();
  } catch (error) {
    upload = null;
    words.className = "note bad";
    words.textContent = error.failure ? `${text(`failure.${error.failure.kind}.0`)}.` : text("offline");
  }
}

function complain(key) {
  $("missing").hidden = !key;
  if (key) $("missing").textContent = text(`missing.${key}`);
  return !key;
}

function complete(writes) {
  if (!chosen("port")) return complain("port");
  if (writes && !chosen("firmware") && !upload) return complain("firmware");
  if (writes && $("wifi").checked && !$("ssid").value) return complain("ssid");
  return complain(null);
}

function wanted() {
  const bundled = chosen("firmware");
  return {
    port: chosen("port"),
    firmware: bundled,
    upload: bundled ? null : upload.id,
    backup: $("backup").checked,
    careful: $("careful").checked,
    offer: $("offer").checked,
    wifi: $("wifi").checked ? { ssid: $("ssid").value, password: $("password").value } : null,
    agreed: [],
  };
}

// --- asking back ---

// Asks with sentences, and boxes that must all be ticked; the keys of the boxes, or null for no.
function confirm(title, sentences, boxes) {
  $("ask-title").textContent = title;
  const ticks = boxes.map(({ key, words }) => {
    const input = element("input", undefined, { type: "checkbox", value: key });
    return element("label", [input, element("span", words)], { className: "check" });
  });
  const inputs = ticks.map((tick) => tick.querySelector("input"));
  const allow = () => ($("ask-yes").disabled = !inputs.every((input) => input.checked));
  for (const input of inputs) input.addEventListener("change", allow);
  allow();
  $("ask-points").replaceChildren(...sentences.map((words) => element("p", words)), ...ticks);
  $("ask").returnValue = "";
  $("ask").showModal();
  return new Promise((resolve) => {
    $("ask").addEventListener("close", () => resolve($("ask").returnValue === "yes" ? inputs.map((i) => i.value) : null), { once: true });
  });
}

function stopBoxes(path) {
  const port = ports.find((one) => one.path === path);
  const foreign = (port?.holders ?? []).filter((holder) => holder.active && holder.domain !== "smart_meter");
  return foreign.map((holder) => ({ key: holder.key, words: text("ask.stop", { title: holder.title }) }));
}

async function start(path, request) {
  lastRequest = { path, request };
  dismissed = null;
  try {
    await post(path, request);
  } catch (error) {
    $("missing").hidden = false;
    $("missing").textContent = error.failure ? `${text(`failure.${error.failure.kind}.0`)}.` : text("offline");
  }
}

async function look() {
  if (!complete(false)) return;
  const port = chosen("port");
  const boxes = stopBoxes(port);
  const agreed = boxes.length ? await confirm(text("ask.look"), [], boxes) : [];
  if (agreed) await start("api/look", { port, agreed });
}

async function write() {
  if (!complete(true)) return;
  const request = wanted();
  const one = (firmware ?? []).find((candidate) => candidate.id === request.firmware);
  const name = one ? one.name : upload.name;
  const boxes = stopBoxes(request.port);
  if (!one) boxes.push({ key: "unsigned", words: text("ask.unsigned", { name }) });
  const port = ports.find((candidate) => candidate.path === request.port)?.device ?? request.port;
  const sentences = [text("ask.replace", { name, version: one?.version ?? "", port }), text("ask.no_unplug")];
  const agreed = await confirm(text("ask.write"), sentences, boxes);
  if (agreed) await start("api/write", { ...request, agreed });
}

async function insist() {
  const { failure } = shown;
  const words = text("ask.downgrade", failure);
  const agreed = await confirm(text("ask.write"), [text("ask.no_unplug")], [{ key: "downgrade", words }]);
  if (agreed) await start(lastRequest.path, { ...lastRequest.request, agreed: [...lastRequest.request.agreed, ...agreed] });
}

// --- the job ---

function showJob(job) {
  const fresh = shown?.id !== job.id || shown?.running !== job.running;
  shown = job;
  if (job.chip && !job.running && job.port === chosen("port")) chip = job.chip.chip;
  const visible = job.id !== dismissed;
  $("job").hidden = !visible;
  $("form").hidden = visible;
  if (!visible) return;
  const writes = job.stages.includes("write");
  $("job-title").textContent = job.running ? text("working") : job.outcome === "failed" ? failureText(job, 0) : text(writes ? "done.write" : "done.look");
  $("job-words").textContent = job.running && job.stage ? text(`stage.${job.stage}`) : "";
  $("job-progress").hidden = !job.running;
  if (job.percent === null) $("job-bar").removeAttribute("value");
  else $("job-bar").value = job.percent;
  $("job-percent").textContent = job.percent === null ? "" : `${job.percent} %`;
  $("job-warning").hidden = !(job.running && job.touched);
  $("job-warning").textContent = text("keep_plugged");
  showStages(job);
  showFound(job);
  $("job-result").replaceChildren(...(job.running ? [] : result(job, writes)));
  $("job-stop").hidden = !job.running || job.touched;
  $("job-again").hidden = job.running;
  const insistent = job.failure?.kind === "downgrade" && lastRequest !== null;
  $("job-anyway").hidden = job.running || !insistent;
  $("job-anyway").textContent = text("anyway.downgrade");
  $("job-backup").hidden = !job.backup;
  if (job.backup) $("job-backup").href = `api/backups/${job.backup}`;
  $("job-backup").textContent = text("save_backup");
  const lines = $("job-lines");
  const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
  lines.textContent = job.log.join("\n");
  if (atEnd) lines.scrollTop = lines.scrollHeight;
  if (fresh) $("job-title").focus({ preventScroll: false });
}

function showStages(job) {
  const at = job.stages.indexOf(job.running ? job.stage : job.failure?.stage);
  $("job-stages").replaceChildren(
    ...job.stages.map((stage, index) => {
      const returned = stage === "give_back" && !job.running && !job.notices.some((notice) => notice.kind === "not_given_back");
      const done = job.outcome === "done" || index < at || returned;
      const here = index === at ? (job.running ? "now" : "broken") : "";
      const item = element("li", text(`stage.${stage}`), { className: done ? "past" : here });
      if (here === "now") item.setAttribute("aria-current", "step");
      return item;
    }),
  );
}

function showFound(job) {
  const rows = [];
  const add = (key, value) => rows.push(element("dt", text(`found.${key}`)), element("dd", value));
  if (job.chip) {
    add("chip", job.chip.description || job.chip.chip);
    add("mac", job.chip.mac);
    if (job.chip.flash_size) add("flash", `${job.chip.flash_size / 1048576} MB`);
  }
  const gone = job.touched || (job.outcome === "done" && job.firmware);
  if (job.installed && !gone) add("installed", `${job.installed.name} ${job.installed.version}`);
  else if (job.chip && !job.running && !gone) add("installed", text("found.nothing"));
  if (job.firmware && job.outcome === "done") {
    add("written", `${job.firmware.name} ${job.firmware.version} (${text(job.firmware.signed ? "found.signed" : "found.unsigned")})`);
  }
  if (job.dongle) add("dongle", [job.dongle.name, job.dongle.url].filter(Boolean).join(" · "));
  $("job-found").replaceChildren(...rows);
}

function failureText(job, index) {
  const words = texts.failure?.[job.failure.kind] ?? [text("failed"), job.failure.detail ?? ""];
  const holders = (job.failure.holders ?? []).map((holder) => holder.title).join(", ");
  return fill(words[index] ?? "", { ...job.failure, holders });
}

function result(job, writes) {
  const parts = [];
  if (job.outcome === "failed") {
    parts.push(element("p", failureText(job, 1), { className: "note bad" }));
    if (!job.touched && job.failure.kind !== "interrupted") parts.push(element("p", text("whole"), { className: "note good" }));
    const steps = (texts.failure?.[job.failure.kind] ?? []).slice(2);
    if (steps.length) parts.push(element("ol", steps.map((step) => element("li", fill(step, job.failure))), { className: "advice" }));
  } else if (writes) {
    parts.push(element("p", text("done.write_text"), { className: "note good" }));
    const offered = job.stages.includes("offer") && !job.notices.some((notice) => notice.kind === "not_offered");
    if (offered) parts.push(element("p", text("done.offered")));
  }
  for (const notice of job.notices) {
    const values = { ...notice, titles: (notice.titles ?? []).join(", ") };
    for (const [index, words] of (texts.notice?.[notice.kind] ?? []).entries()) {
      parts.push(element("p", fill(words, values), { className: index ? "" : "note warn" }));
    }
  }
  return parts;
}

// --- begin ---

$("language").addEventListener("change", (event) => {
  localStorage.setItem("language", event.target.value);
  speak(event.target.value);
});
$("ports").addEventListener("change", () => {
  chip = shown?.chip && shown.port === chosen("port") ? shown.chip.chip : null;
  showFirmware();
});
$("firmware").addEventListener("change", () => {
  $("own-words").hidden = true;
  upload = null;
  $("file").value = "";
});
$("file").addEventListener("change", (event) => event.target.files[0] && sendFile(event.target.files[0]));
$("wifi").addEventListener("change", () => ($("network").hidden = !$("wifi").checked));
$("show").addEventListener("change", () => ($("password").type = $("show").checked ? "text" : "password"));
$("look").addEventListener("click", look);
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  write();
});
$("job-stop").addEventListener("click", () => post("api/cancel", {}).catch(() => {}));
$("job-anyway").addEventListener("click", insist);
$("job-again").addEventListener("click", () => {
  dismissed = shown.id;
  showJob(shown);
  showFirmware();
  refreshPorts();
});

await speak(firstLanguage());
watch();
await Promise.allSettled([refreshPorts(), loadFirmware()]);
setInterval(refreshPorts, PORTS_EVERY);
