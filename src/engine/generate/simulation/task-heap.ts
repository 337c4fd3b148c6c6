/** Something that happens at a moment of the simulation. */
export interface Task {
  run(atUs: number): void;
}

/** Tasks by time; those of one moment in the order in which they were added. A binary heap over parallel arrays. */
export class TaskHeap {
  readonly #atUs: number[] = [];
  readonly #sequence: number[] = [];
  readonly #tasks: Task[] = [];
  #added = 0;
  #nowUs = 0;

  /** When the task was due that was taken out last; 0 before the first. */
  get nowUs(): number {
    return this.#nowUs;
  }

  get size(): number {
    return this.#tasks.length;
  }

  /** When the next task is due; Infinity when there is none. */
  get nextAtUs(): number {
    return this.#atUs[0] ?? Infinity;
  }

  add(atUs: number, task: Task): void {
    let hole = this.#tasks.length;
    const sequence = this.#added;
    this.#added += 1;
    // The newest sequence loses every tie, so comparing times is enough on the way up.
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((this.#atUs[parent] ?? 0) <= atUs) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, atUs, sequence, task);
  }

  /** Takes out the next task; undefined when there is none. */
  pop(): Task | undefined {
    const [first] = this.#tasks;
    this.#nowUs = this.#atUs[0] ?? this.#nowUs;
    const atUs = this.#atUs.pop();
    const sequence = this.#sequence.pop();
    const task = this.#tasks.pop();
    if (atUs === undefined || sequence === undefined || task === undefined) return undefined;
    if (this.#tasks.length > 0) this.#sink(atUs, sequence, task);
    return first;
  }

  #sink(atUs: number, sequence: number, task: Task): void {
    const { length } = this.#tasks;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(child + 1, child)) child += 1;
      const childAtUs = this.#atUs[child] ?? 0;
      if (atUs < childAtUs || (atUs === childAtUs && sequence < (this.#sequence[child] ?? 0))) {
        break;
      }
      this.#move(child, hole);
      hole = child;
    }
    this.#put(hole, atUs, sequence, task);
  }

  #isBefore(left: number, right: number): boolean {
    const leftAtUs = this.#atUs[left] ?? 0;
    const rightAtUs = this.#atUs[right] ?? 0;
    if (leftAtUs !== rightAtUs) return leftAtUs < rightAtUs;
    return (this.#sequence[left] ?? 0) < (this.#sequence[right] ?? 0);
  }

  #move(from: number, to: number): void {
    const task = this.#tasks[from];
    if (task === undefined) throw new Error(`BUG: no task at ${from}`);
    this.#put(to, this.#atUs[from] ?? 0, this.#sequence[from] ?? 0, task);
  }

  #put(index: number, atUs: number, sequence: number, task: Task): void {
    this.#atUs[index] = atUs;
    this.#sequence[index] = sequence;
    this.#tasks[index] = task;
  }
}
