/** Work that is left, in things looked at; shared by all that is tried. */
export interface Effort {
  left: number
}
