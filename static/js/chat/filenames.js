// The name of a file that somebody else chose, made safe to show and to save: no character that turns
// the direction of text or is not seen, one line, a real ending that stands apart from the rest.
//
// Policy: `PROGRAMS` and `PAGES` (what is warned of, by its ending), `savedName` (what a disk gets).

/**
 * @typedef {object} FileName
 * @property {string} base without its ending; may be empty
 * @property {string} ending ".pdf", in small letters; empty where there is none
 * @property {"program" | "page" | undefined} danger what its ending says that opening it may do
 */

const LOOKED_AT = 1024; // characters of a name; what lies between the two halves is not shown
const SAVED_BYTES = 180; // disks take 255, and the browser may add " (1)"
const ENDING = /^[\p{L}\p{M}\p{N}~+-]{1,20}$/u;
// Controls, formats, line ends, half characters and what is private; joiners make emoji and Persian words.
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu; // joiners, signs of variants: not seen in an ending
const SEPARATORS = /[/\\:*?"<>|]/g; // mean something to a file system
const SPACES = /[\s\u2800\u3164\uffa0\u115f\u1160]+/g; // blank letters push an ending out of sight, too
const ENDLESS = /[. \p{Default_Ignorable_Code_Point}]+$/u; // Windows and browsers drop them, and "x.exe." runs
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i; // devices of Windows

const PROGRAMS = new Set(
  (
    "exe msi msix msixbundle appx appxbundle appinstaller bat cmd com scr pif cpl dll sys ps1 psm1 psd1 vbs vbe js jse mjs " +
    "cjs ws wsf wsh wsc sct hta jar jnlp msc msp mst reg lnk url scf inf gadget application app dmg pkg mpkg command " +
    "workflow action scpt scptd applescript terminal sh bash zsh csh fish run bin out appimage deb rpm flatpak " +
    "flatpakref snap desktop apk aab ipa xap py pyc pyw pyz rb pl php lua tcl docm dotm xlsm xltm xlam pptm potm ppam " +
    "ppsm sldm xll iso img vhd vhdx chm hlp crx xpi settingcontent-ms library-ms search-ms theme diagcab"
  ).split(" "),
);
const PAGES = new Set("svg svgz html htm shtml xhtml xht xml xsl xslt mht mhtml hta webarchive swf".split(" "));

/** @param {string} name as it was sent @returns {FileName} */
export function fileName(name) {
  const clean = cleaned(name);
  const dot = clean.lastIndexOf(".");
  const tail = clean.slice(dot + 1).replace(IGNORED, "");
  const ending = tail.normalize("NFKC").toLowerCase(); // full-width letters start a program, too
  if (dot < 0 || !ENDING.test(ending)) return { base: clean, ending: "", danger: undefined };
  return { base: clean.slice(0, dot), ending: `.${ending}`, danger: dangerOf(ending) };
}

/**
 * A name for the disk of the person who saves it.
 * @param {string} name as it was sent
 * @param {string} instead where nothing of it is left
 * @returns {string}
 */
export function savedName(name, instead) {
  const { base, ending } = fileName(name);
  const bare = base.replace(/^[.\s]+|[.\s]+$/g, "");
  const whole = RESERVED.test(bare.split(".")[0] ?? "") ? `_${bare}` : bare;
  return (shortened(whole, SAVED_BYTES - ending.length * 3) || instead) + ending;
}

/** @param {string} name */
function cleaned(name) {
  const looked = name.length > LOOKED_AT ? `${name.slice(0, LOOKED_AT / 2)}…${name.slice(-LOOKED_AT / 2)}` : name;
  const seen = looked.replace(UNSEEN, "").replace(SEPARATORS, "_").replace(SPACES, " ");
  return seen.replace(ENDLESS, "").trimStart();
}

/** @param {string} tail */
function dangerOf(tail) {
  if (PROGRAMS.has(tail)) return "program";
  return PAGES.has(tail) ? "page" : undefined;
}

/** Whole characters, at most so many bytes. @param {string} text @param {number} bytes */
function shortened(text, bytes) {
  const encoder = new TextEncoder();
  let left = bytes;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    left -= encoder.encode(segment).length;
    if (left < 0) break;
    kept += segment;
  }
  return kept;
}
