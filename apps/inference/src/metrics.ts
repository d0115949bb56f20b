import { TIMINGS_PER_RUN, type Timings } from '@repo/classifier'
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client'
import type { BodyBudget } from './http/body-budget.js'
import { knownMethod } from './http/labels.js'
import { REJECTIONS } from './http/problem.js'
import type { ModelService } from './model-service.js'

const LABELS = ['method', 'route', 'status'] as const
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const WORK_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

/** What one combination of labels is counted with; looking it up once saves prom-client the checks of each call. */
interface RequestSeries {
  total: Counter.Internal
  duration: Histogram.Internal<(typeof LABELS)[number]>
}

/** Everything that GET /metrics tells. Times are in seconds, as Prometheus wants them. */
export class Metrics {
  readonly #series = new Map<string, Map<string, Map<number, RequestSeries>>>()
  readonly #requests: Counter<(typeof LABELS)[number]>
  readonly #duration: Histogram<(typeof LABELS)[number]>
  readonly #queueWait: Histogram
  readonly #decode: Histogram
  readonly #run: Histogram
  readonly #rejections: Counter<'reason'>
  readonly #workerRestarts: Counter
  #inFlight = 0

  /** @param registry holds the metrics; a fresh one for each app */
  constructor(readonly registry: Registry) {
    const registers = [registry]
    collectDefaultMetrics({ register: registry })
    this.#requests = new Counter({
      name: 'http_requests_total',
      help: 'Requests answered, left by their client (status 499), or not read in time (408).',
      labelNames: LABELS,
      registers,
    })
    this.#duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: "From a request's headers to its answer's last byte.",
      labelNames: LABELS,
      buckets: REQUEST_BUCKETS,
      registers,
    })
    this.#queueWait = new Histogram({
      name: 'inference_queue_wait_seconds',
      help: 'How long a request waited for a worker.',
      buckets: WORK_BUCKETS,
      registers,
    })
    this.#decode = new Histogram({
      name: 'inference_decode_duration_seconds',
      help: "From the start of an image's decoding until the model gets it.",
      buckets: WORK_BUCKETS,
      registers,
    })
    this.#run = new Histogram({
      name: 'inference_run_duration_seconds',
      help: 'One run of the model.',
      buckets: WORK_BUCKETS,
      registers,
    })
    this.#rejections = new Counter({
      name: 'inference_rejections_total',
      help: 'Requests answered 503, by the reason.',
      labelNames: ['reason'],
      registers,
    })
    // From the start on, or the first of a kind would not count as an increase.
    for (const reason of REJECTIONS) this.#rejections.inc({ reason }, 0)
    this.#workerRestarts = new Counter({
      name: 'inference_worker_restarts_total',
      help: 'Worker threads that died and were to be replaced.',
      registers,
    })
  }

  /** Has the service tell what it does, and adds what is read off it whenever somebody asks. Call it once. */
  watch(service: ModelService, budget: BodyBudget): void {
    service.observe(this)
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read())
        },
      })
    gauge('http_requests_in_flight', 'Requests not yet answered.', () => this.#inFlight)
    gauge('http_buffered_body_bytes', 'Request bodies in memory.', () => budget.used)
    gauge('inference_queue_depth', 'Requests waiting for a worker.', () => service.load.queued)
    gauge('inference_requests_in_workers', 'Requests inside workers.', () => service.load.running)
    gauge('inference_ready', '1 when GET /readyz says ready, else 0.', () =>
      Number(service.state === 'ready'),
    )
    new Gauge({
      name: 'inference_model_info',
      help: 'Always 1: the labels say which model is served.',
      labelNames: ['name', 'version', 'sha256'],
      registers: [this.registry],
      collect() {
        if (service.identity) this.set(service.identity, 1)
      },
    })
  }

  /** A request has come. */
  requestBegan(): void {
    this.#inFlight++
  }

  /** @param route the route's template; never a path */
  requestEnded(method: string, route: string, status: number, seconds: number): void {
    this.#inFlight--
    const series = this.#seriesOf(knownMethod(method), route, status)
    series.total.inc()
    series.duration.observe(seconds)
  }

  /** A worker has answered a request; times in milliseconds, as the pool tells them. */
  answered(submitted: number, started: number, timings: Timings): void {
    this.#queueWait.observe((started - submitted) / 1000)
    for (let at = 0; at < timings.length; at += TIMINGS_PER_RUN) {
      // A prepared tensor was not decoded.
      if (timings[at] !== 0) this.#decode.observe((timings[at + 1] as number) / 1000)
      this.#run.observe((timings[at + 3] as number) / 1000)
    }
  }

  rejected(reason: string): void {
    this.#rejections.inc({ reason })
  }

  workerRestarted(): void {
    this.#workerRestarts.inc()
  }

  #seriesOf(method: string, route: string, status: number): RequestSeries {
    const found = this.#series.get(route)?.get(method)?.get(status)
    if (found) return found
    const labels = { method, route, status: String(status) }
    const series = { total: this.#requests.labels(labels), duration: this.#duration.labels(labels) }
    const methods = this.#series.get(route) ?? new Map<string, Map<number, RequestSeries>>()
    const statuses = methods.get(method) ?? new Map<number, RequestSeries>()
    this.#series.set(route, methods.set(method, statuses.set(status, series)))
    return series
  }
}
