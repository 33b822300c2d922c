/** A list that comes page by page. Iterate over it with `for await`, or `await` it to have all of it at once. */

/** One page, and where the next one begins; without a cursor it is the last. */
export interface Page<T> {
  items: T[]
  cursor: string | undefined
}

export class Pages<T> implements AsyncIterable<T>, PromiseLike<T[]> {
  readonly #fetch: (cursor: string | undefined) => Promise<Page<T>>

  /** @internal */
  constructor(fetch: (cursor: string | undefined) => Promise<Page<T>>) {
    this.#fetch = fetch
  }

  /** The pages as the server gives them. */
  async *pages(): AsyncGenerator<T[], void, undefined> {
    let cursor: string | undefined
    do {
      const page = await this.#fetch(cursor)
      yield page.items
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page
  }

  /** All of it. */
  async all(): Promise<T[]> {
    const all: T[] = []
    for await (const page of this.pages()) all.push(...page)
    return all
  }

  then<A = T[], B = never>(
    resolve?: ((all: T[]) => A | PromiseLike<A>) | null,
    reject?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all().then(resolve, reject)
  }
}
