export { validateGraph } from './validate.ts'
