export type { Argnums, Args, Gradient, GradOptions } from './argnums.ts'
export { grad, valueAndGrad } from './grad.ts'
export { hessian, type JacobianOptions, jacobian } from './jacobian.ts'
export { hvp, jvp, vjp } from './products.ts'
