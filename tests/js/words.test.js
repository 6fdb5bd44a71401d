import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ApiError } from "../../static/js/network/api.js";
import { displayNameProblem, usernameProblem } from "../../static/js/pages/names.js";
import { nextAddress } from "../../static/js/pages/next.js";
import { format, gettext, ngettext, speak } from "../../static/js/text.js";
import { initial } from "../../static/js/ui/avatar.js";
import { explain } from "../../static/js/ui/explain.js";

afterEach(() => speak({}));

test("who is suspended hears until when and why, as far as the page knows", () => {
  const until = Date.UTC(2030, 1, 3, 12);
  const words = (body) => explain(new ApiError("suspended", "", { status: 403, body }));
  assert.match(words({ until, reason: 6 }), /^This account is suspended until .*2030.* The reason: spam or fraud\.$/);
  assert.match(words({ reason: 99 }), /for good. The reason: something else/);
  assert.match(words(undefined), /Reload the page/);
});

test("without a catalog texts are what the source says", () => {
  speak({});
  assert.equal(gettext("Sign in"), "Sign in");
  assert.equal(ngettext("{count} minute", "{count} minutes", 1), "{count} minute");
  assert.equal(ngettext("{count} minute", "{count} minutes", 0), "{count} minutes");
});

test("a catalog translates, with the plurals of its language", () => {
  // Polish: 1 · 2-4, but not 12-14 · the rest
  const plural = Array.from({ length: 200 }, (_, n) =>
    n === 1 ? 0 : n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 10 || n % 100 >= 20) ? 1 : 2,
  ).join("");
  speak({ catalog: { "Sign in": "Zaloguj", minute: ["minuta", "minuty", "minut"] }, plural });
  assert.equal(gettext("Sign in"), "Zaloguj");
  assert.equal(gettext("Sign out"), "Sign out");
  const words = [1, 3, 5, 12, 22, 112, 1003].map((n) => ngettext("minute", "minutes", n));
  assert.deepEqual(words, ["minuta", "minuty", "minut", "minut", "minuty", "minut", "minuty"]);
});

test("values fill their places; a place without a value shows", () => {
  assert.equal(format("{name} is {state}", { name: "ada" }), "ada is {state}");
  assert.equal(format("{n}", { n: 0 }), "0");
});

test("what a username must be", () => {
  for (const good of ["ada", "ada.b-c_9", "Ada", "мария", "九条さん", "  ada  "])
    assert.equal(usernameProblem(good), "");
  for (const bad of [
    "",
    "ab",
    "a b c",
    ".ada",
    "ada!",
    "a".repeat(33),
    "a/b/c",
    "😀😀😀",
    `adaq${"\u0323".repeat(5)}`,
  ]) {
    assert.notEqual(usernameProblem(bad), "", bad);
  }
});

test("a display name has something to see, and no heap of marks", () => {
  for (const good of ["Ada", "👋", "(:", "श्रीमती क्ष्म्या", "ကြွေးကြော်သံ", "Nguyễn", "שָׁלוֹם", "ที่รัก", "\u2800a"])
    assert.equal(displayNameProblem(good), "", good);
  const heaped = [`Z${"\u0323".repeat(20)}`, "a \u0301b", "\u0301a"];
  for (const bad of ["", " ", "\u2800", "\u2800 \u2800", "\u{1d159}", "\ufffc", "\u0301", ...heaped]) {
    assert.notEqual(displayNameProblem(bad), "", JSON.stringify(bad));
  }
});

test("after sign-in people go where they wanted, but never to another site", () => {
  const at = (query) => nextAddress(new URL(`https://chat.example/sign-in${query}`));
  assert.equal(at("?next=%2Fsettings%3Fa%3D1%23b"), "/settings?a=1#b");
  assert.equal(at(""), "/chats");
  for (const evil of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]) {
    assert.equal(at(`?next=${encodeURIComponent(evil)}`), "/chats", evil);
  }
});

test("an error says what to do", () => {
  const limited = (retryMs) => explain(new ApiError("rate", "Too many.", { status: 429, retryMs }));
  assert.match(limited(30_000), /in a minute/);
  assert.match(limited(61_000), /in 2 minutes/);
  assert.match(limited(7_200_000), /at /);
  assert.equal(
    explain(new ApiError("taken", "In English.", { status: 409 })),
    "This name is taken, or looks too much like one that is. Try another one.",
  );
  assert.match(explain(new ApiError("new_code", "In English.", { status: 400 })), /refused this \(new_code\)/);
  assert.equal(explain(new ApiError("offline", "No line.")), "No line.");
  assert.equal(
    explain(new ApiError("wrong", "No.", { status: 403 }), { wrong: "Not your password." }),
    "Not your password.",
  );
  assert.match(explain({ code: "bad_code" }), /recovery code/);
  assert.match(explain(new TypeError("x is undefined")), /Reload/);
  assert.match(explain(undefined), /Reload/);
});

test("an avatar shows the first character as readers count it", () => {
  assert.deepEqual(["ada", " élise", "👩‍🚀 kim", ""].map(initial), ["A", "É", "👩‍🚀", "?"]);
});
