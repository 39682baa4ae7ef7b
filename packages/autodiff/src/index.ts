export { type GradOptions, grad, hvp, jvp, valueAndGrad, vjp } from './transforms.ts'
