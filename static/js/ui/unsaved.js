// What would be lost where a page is left: the browser asks the person, as long as it could still be sent.

let over = false;

/** @param {() => boolean} holds whether there is something now */
export function askBeforeLeaving(holds) {
  addEventListener("beforeunload", (event) => {
    if (!over && holds()) event.preventDefault();
  });
}

/** Nothing of it can be sent any more, and what is on the screen must not wait for an answer. */
export function leaveUnasked() {
  over = true;
}
