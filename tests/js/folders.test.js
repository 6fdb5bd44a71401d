// Two folders that are dropped one right after the other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, Node } from "./page.js";

const { askAboutFolder } = await import("../../static/js/ui/folders.js");

/** The browser's: opening one that is open already throws. */
function dialogOf(owner) {
  const dialog = owner.querySelector("[data-part='folder']");
  for (const name of ["folder-title", "folder-words", "folder-all"]) {
    const node = new Node();
    node.setAttribute("data-part", name);
    dialog.append(node);
  }
  dialog.showModal = () => {
    if (dialog.open) throw new DOMException("open", "InvalidStateError");
    dialog.open = true;
  };
  dialog.close = (value = "") => {
    Object.assign(dialog, { open: false, returnValue: value });
    dialog.dispatchEvent(new Event("close"));
  };
  return dialog;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a second folder is asked about after the first, and each answer is its own", async () => {
  const owner = filled(new Node(), "_attach.html");
  const dialog = dialogOf(owner);
  const words = (name) => dialog.querySelector(`[data-part='${name}']`).textContent;
  const answers = [];
  for (const [name, count] of Object.entries({ Holiday: 3, Work: 12, Empty: 0 })) {
    void askAboutFolder(owner, name, count, 10).then((wanted) => answers.push([name, wanted]));
  }
  await turn();
  assert.match(words("folder-title"), /Holiday/);
  dialog.querySelector("[data-part='folder-all']").click(dialog.querySelector("[data-part='folder-all']"));
  await turn();
  assert.deepEqual(answers, [["Holiday", true]]);
  assert.match(words("folder-title"), /Work/);
  assert.match(words("folder-words"), /12/);
  dialog.close(); // as Escape does
  await turn();
  assert.match(words("folder-title"), /Empty/);
  dialog.close();
  await turn();
  assert.deepEqual(answers, [
    ["Holiday", true],
    ["Work", false],
    ["Empty", false],
  ]);
});
