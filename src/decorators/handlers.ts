import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import type { MetadataScanner } from '@nestjs/core';
import type { providersOf } from '../service/index.js';

/**
 * How Nest marks what its interceptors run for. The keys are repeated here because
 * the packages of GraphQL, WebSockets and microservices are optional; tests compare
 * them with the real decorators.
 */
const MESSAGE = 'microservices:pattern';
const IN_CONTROLLERS = ['path', MESSAGE];
const GRAPHQL_FIELDS = [
  'graphql:resolve_property',
  'graphql:resolve_reference',
];
const IN_PROVIDERS = [
  'graphql:resolver_type',
  'websockets:message_mapping',
  ...GRAPHQL_FIELDS,
];

const hasAny = (keys: readonly string[], method: object) =>
  keys.some((key) => Reflect.hasMetadata(key, method));

/** Whether Nest calls a controller's method for a route or message. */
export const isControllerHandler = (method: object): boolean =>
  hasAny(IN_CONTROLLERS, method);

/** Whether Nest calls a provider's method as a resolver or for a WebSocket message. */
export const isProviderHandler = (method: object): boolean =>
  hasAny(IN_PROVIDERS, method);

/** Whether Nest calls it for a GET route, or one for all methods: such answer HEAD and OPTIONS requests as well. */
export const isSharedRoute = (method: object): boolean =>
  [RequestMethod.GET, RequestMethod.ALL].includes(
    Reflect.getMetadata('method', method) as RequestMethod,
  );

/** Whether a method resolves a field of a GraphQL type, as opposed to a query, mutation or subscription. */
export const isGraphqlField = (method: object): boolean =>
  hasAny(GRAPHQL_FIELDS, method);

/** Metadata that does not make a method a handler, or is of libraries that run no interceptors. */
const OF_NO_CALLER =
  /^(design:|__|swagger\/|optimizely-odp|SCHEDUL|EVENT_LISTENER|bull)/;

/**
 * Whether another library may call a method and run Nest's interceptors for it,
 * through `ExternalContextCreator`, as `@golevelup/nestjs-rabbitmq` does. It then
 * finds the method by metadata of its own.
 */
export const mayBeCalled = (method: object): boolean =>
  Reflect.getMetadataKeys(method).some(
    (key: unknown) =>
      typeof key === 'symbol' || !OF_NO_CALLER.test(String(key)),
  );

type Wrapper = ReturnType<typeof providersOf>[number];
// oxlint-disable-next-line typescript/no-unsafe-function-type -- a class, whatever its constructor takes
export type Class = Function;

/** A method of a class, which may be inherited. */
export interface Method {
  readonly name: string;
  readonly handler: object;
}

/** Their classes, each once, including request-scoped and transient ones, which have no instance at boot. */
export function classesOf(wrappers: readonly Wrapper[]): Set<Class> {
  return new Set(wrappers.flatMap((wrapper) => classOf(wrapper) ?? []));
}

export function methodsOf(
  { prototype }: Class,
  scanner: MetadataScanner,
): Method[] {
  return scanner.getAllMethodNames(prototype as object).map((name) => ({
    name,
    handler: (prototype as Record<string, object>)[name]!,
  }));
}

function classOf({ metatype, isNotMetatype, instance }: Wrapper) {
  const type: unknown = isNotMetatype
    ? (instance as object | null | undefined)?.constructor
    : metatype;
  return typeof type === 'function' && type.prototype ? type : undefined;
}
