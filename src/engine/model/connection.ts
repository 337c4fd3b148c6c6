/** Where the queue is and how to reach it; what a context resolves to. Secrets are already read from env or files. */
export type QueueConnection =
  | { readonly kind: 'embedded'; readonly path: string }
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly string[];
      readonly clientId?: string;
      readonly tls?: TlsOptions;
      readonly sasl?: SaslOptions;
    }
  | {
      readonly kind: 'redis';
      /** redis:// or rediss:// with host, port and number of the database; never a user or a password. */
      readonly url: string;
      /** Of the server's ACL; left out: its default user. */
      readonly username?: string;
      readonly password?: string;
      readonly tls?: TlsOptions;
    };

/** PEM texts. `ca` undefined: the system's. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Where the shards are. The order is the shard's index and never changes for a store. */
export interface StoreConnection {
  readonly shards: readonly { readonly url: string }[];
  readonly database: string;
  readonly username: string;
  readonly password: string;
}
