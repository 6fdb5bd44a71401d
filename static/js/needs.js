// What this page needs and this browser lacks, said before the first field (templates/_needs.html).
//
// A classic script in old words, with nothing imported: it has to run where the modules of the page
// do not. Where it does not run either, css/needs.css shows the first sentence after a while. Only
// what has a sentence in the page is asked for.

const PROBE = "m1-probe";
const PROBE_BYTES = 65536; // more than the keys of an account take
const BASE_POINT = [0x58, ...Array(31).fill(0x66)]; // of Ed25519, a public key (RFC 8032, 5.1)
const page = document.documentElement;
const box = document.getElementById("needs");

/** @type {[string, () => unknown][]} name and question: false, or an exception, where it is missing */
const QUESTIONS = [
  ["old", () => "any" in AbortSignal && CSS.supports("color", "light-dark(#000, #fff)")],
  ["crypto", () => crypto.subtle.importKey("raw", new Uint8Array(BASE_POINT), "Ed25519", false, ["verify"])],
  ["storage", () => navigator.cookieEnabled && localStorage.length + sessionStorage.length >= 0 && !!indexedDB],
  ["full", () => keep(new Uint8Array(PROBE_BYTES))],
  ["locks", () => "locks" in navigator],
  ["channel", () => "BroadcastChannel" in window],
  ["wasm", () => "WebAssembly" in window],
];

if (box) {
  // Whatever ends the page before it is ready: a module that is gone, does not parse, or throws.
  addEventListener("error", ({ target }) => (target === window || isScript(target)) && notStarted(), true);
  const again = /** @type {HTMLButtonElement} */ (box.querySelector("button"));
  again.addEventListener("click", () => location.reload());
  again.hidden = false;
  if (!("noModule" in HTMLScriptElement.prototype)) notStarted();
  ask();
}

async function ask() {
  if (!isSecureContext) return lacks("secure"); // most of the others are missing because of it
  for (const [name, question] of QUESTIONS) {
    try {
      if (sentence(name) && !(await question())) lacks(name);
    } catch (error) {
      // A disk that refuses everything is not a full one.
      const full = error instanceof DOMException && error.name === "QuotaExceededError";
      lacks(name === "full" && !full ? "storage" : name);
    }
  }
}

/** Nothing of the page is of use without it. @param {string} name */
function lacks(name) {
  page.dataset.missing = "";
  say(name);
}

function notStarted() {
  if (!("ready" in page.dataset) && !("missing" in page.dataset)) say("script");
}

/** @param {string} name */
function say(name) {
  const other = sentence("script");
  if (other) other.hidden = true;
  const words = sentence(name);
  if (words) words.hidden = false;
  if (box) box.dataset.said = "";
}

/** @param {string} name @returns {HTMLElement | null} */
function sentence(name) {
  return page.querySelector(`[data-need="${name}"]`);
}

/** @param {EventTarget | null} target */
function isScript(target) {
  return target instanceof HTMLScriptElement;
}

/** Really: IndexedDB may be there, and no room in it. @param {Uint8Array} bytes @returns {Promise<boolean>} */
function keep(bytes) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(PROBE);
    opening.onupgradeneeded = () => opening.result.createObjectStore("all");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const change = opening.result.transaction("all", "readwrite");
      const end = () => {
        opening.result.close();
        indexedDB.deleteDatabase(PROBE);
      };
      change.objectStore("all").put(bytes, "it");
      change.oncomplete = () => resolve(true);
      change.onabort = () => reject(change.error);
      for (const event of ["complete", "abort"]) change.addEventListener(event, end);
    };
  });
}
