import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts of a key and a certificate for 127.0.0.1 that signs itself. */
export interface SelfSigned {
  readonly key: string;
  readonly certificate: string;
}

export function makeSelfSigned(): SelfSigned {
  const dir = mkdtempSync(join(tmpdir(), 'atbd-tls-'));
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', 'key.pem', '-out', 'certificate.pem'];
  try {
    execFileSync('openssl', [...request, ...subject, ...files], { cwd: dir, stdio: 'ignore' });
    const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
    return { key: read('key.pem'), certificate: read('certificate.pem') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
