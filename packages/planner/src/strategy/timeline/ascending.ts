/** Puts an item into an ascending list; most belong near its end. */
export function insert(list: number[], item: number): void {
  let i = list.length
  while (i > 0 && list[i - 1]! > item) i--
  insertAt(list, i, item)
}

export function remove(list: number[], item: number): void {
  removeAt(list, list.lastIndexOf(item))
}

/** As `splice` does, which makes a list of what it takes out. */
export function insertAt(list: number[], at: number, item: number): void {
  list.push(item)
  for (let i = list.length - 1; i > at; i--) list[i] = list[i - 1]!
  list[at] = item
}

export function removeAt(list: number[], at: number): void {
  for (let i = at; i < list.length - 1; i++) list[i] = list[i + 1]!
  list.pop()
}
