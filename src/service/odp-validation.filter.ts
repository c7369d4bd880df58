import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  type ExceptionFilter,
} from '@nestjs/common';
import { throwError } from 'rxjs';
import { OdpValidationError } from '../errors/index.js';

/** What Express' and Fastify's responses have in common. */
interface HttpResponse {
  status(code: number): { send(body: unknown): unknown };
  readonly headersSent?: boolean;
  readonly sent?: boolean;
}

/**
 * Answers an `OdpValidationError` that leaves a handler with a 400 in the shape
 * of Nest's `BadRequestException`, as its `ValidationPipe` would; without it the
 * caller of a handler that passes events on gets a 500. GraphQL gets the
 * exception, a message its body.
 *
 * ```ts
 * app.useGlobalFilters(new OdpValidationExceptionFilter());
 * providers: [{ provide: APP_FILTER, useClass: OdpValidationExceptionFilter }]
 * ```
 */
@Catch(OdpValidationError)
export class OdpValidationExceptionFilter implements ExceptionFilter<OdpValidationError> {
  catch({ violations }: OdpValidationError, host: ArgumentsHost): unknown {
    const exception = new BadRequestException(
      violations.map(({ path, message }) => `${path} ${message}`),
    );
    const body = exception.getResponse();
    switch (host.getType<string>()) {
      case 'http': {
        const response = host.switchToHttp().getResponse<HttpResponse>();
        // The handler has begun to answer by itself.
        if (response.headersSent ?? response.sent) return undefined;
        return response.status(exception.getStatus()).send(body);
      }
      case 'rpc':
        return throwError(() => body);
      case 'ws':
        return host
          .switchToWs()
          .getClient<{ emit?(name: string, body: unknown): void }>()
          .emit?.('exception', body);
      default:
        return exception;
    }
  }
}
