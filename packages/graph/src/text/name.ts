const bare = /^[A-Za-z0-9_.$-][A-Za-z0-9_.$/+-]*$/

/** A name as it is where it is plain, in quotes otherwise. */
export function showName(name: string, reserved: readonly string[] = []): string {
  return bare.test(name) && !reserved.includes(name) ? name : JSON.stringify(name)
}

/** A number so that it reads back the same, −0 and non-finite ones included. */
export function showNumber(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x)
}
