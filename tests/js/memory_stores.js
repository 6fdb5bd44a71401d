// The stores of a browser in memory, in the order of IndexedDB's keys.

export class MemoryStores {
  /** @type {Map<string, Map<string, [any, any]>>} */ stores = new Map();
  writes = 0;
  failing = false;

  #of(store) {
    if (!this.stores.has(store)) this.stores.set(store, new Map());
    return this.stores.get(store);
  }

  get = async (store, key) => this.#of(store).get(JSON.stringify(key))?.[1];

  all = async (store, lower, upper) =>
    [...this.#of(store).values()]
      .filter(
        ([key]) =>
          (lower === undefined || compare(key, lower) >= 0) && (upper === undefined || compare(key, upper) <= 0),
      )
      .sort(([a], [b]) => compare(a, b));

  named = async (store, names) =>
    names.map((name) =>
      [...this.#of(store).values()]
        .filter(([, , named]) => named !== undefined && compare(named, name) === 0)
        .sort(([a], [b]) => compare(a, b))
        .map(([, value]) => value),
    );

  write = async (changes) => {
    if (this.failing) throw Object.assign(new Error("full"), { code: "quota" });
    this.writes += 1;
    for (const { store, key, upto, remove, value, name } of changes) {
      const rows = this.#of(store);
      if (!remove) rows.set(JSON.stringify(key), [key, structuredClone(value), name]);
      else if (upto === undefined) rows.delete(JSON.stringify(key));
      else for (const [at] of await this.all(store, key, upto)) rows.delete(JSON.stringify(at));
    }
  };
}

function compare(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compare(a[i], b[i]);
      if (order) return order;
    }
    return a.length - b.length;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
