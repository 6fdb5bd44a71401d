// Files of the browser's own (OPFS) on a real disk, as far as storage/blobfiles.js uses them: kill -9 leaves what was
// written.

import fs from "node:fs";
import { join } from "node:path";

export class Folder {
  #path;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  async getDirectoryHandle(name, { create = false } = {}) {
    const path = join(this.#path, name);
    if (create) fs.mkdirSync(path, { recursive: true });
    else fs.accessSync(path);
    return new Folder(path);
  }

  async getFileHandle(name, { create = false } = {}) {
    const path = join(this.#path, name);
    if (create) fs.closeSync(fs.openSync(path, "a"));
    else fs.accessSync(path);
    return new OneFile(path);
  }

  async removeEntry(name, { recursive = false } = {}) {
    fs.rmSync(join(this.#path, name), { recursive });
  }

  async *keys() {
    yield* fs.readdirSync(this.#path);
  }

  async *entries() {
    for (const name of fs.readdirSync(this.#path)) yield [name, await this.getFileHandle(name)];
  }

  pathOf = (name) => join(this.#path, name);
}

class OneFile {
  #path;

  constructor(path) {
    this.#path = path;
  }

  async getFile() {
    const lastModified = fs.statSync(this.#path).mtimeMs;
    return Object.assign(await fs.openAsBlob(this.#path), { lastModified });
  }

  async move(folder, name) {
    fs.renameSync(this.#path, folder.pathOf(name));
  }

  async createSyncAccessHandle() {
    const file = fs.openSync(this.#path, "r+");
    return {
      truncate: (size) => fs.ftruncateSync(file, size),
      write: (bytes, { at }) => fs.writeSync(file, bytes, 0, bytes.length, at),
      flush: () => fs.fsyncSync(file),
      close: () => fs.closeSync(file),
    };
  }
}
