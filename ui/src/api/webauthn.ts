/** Passkeys: what the service asks as JSON, the browser wants as bytes, and the other way round (WebAuthn level 3, 5.1). */

type Json = Record<string, unknown>;

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function toBase64Url(bytes: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** A passkey is for a name: a page at a bare address, as 127.0.0.1, can have none (5.1.3, effective domain). */
export function canUsePasskeys(): boolean {
  const named = !/^[\d.]+$|:/.test(location.hostname);
  return named && typeof PublicKeyCredential === 'function' && window.isSecureContext;
}

/** Make a passkey for this browser or another device. Raises DOMException where the person or the device declines. */
export async function createPasskey(options: Json): Promise<Json> {
  const asked = inBytes((options.publicKey ?? options) as Json);
  const made = await navigator.credentials.create({
    publicKey: asked as unknown as PublicKeyCredentialCreationOptions,
  });
  return inJson(made as PublicKeyCredential);
}

/** Sign with a passkey. Raises like createPasskey. */
export async function usePasskey(options: Json): Promise<Json> {
  const asked = inBytes((options.publicKey ?? options) as Json);
  const signed = await navigator.credentials.get({
    publicKey: asked as unknown as PublicKeyCredentialRequestOptions,
  });
  return inJson(signed as PublicKeyCredential);
}

/** Options with the challenge, the person's id and the credentials' ids as bytes. */
export function inBytes(options: Json): Json {
  const ids = (list: unknown) =>
    (list as { id: string }[] | undefined)?.map((each) => ({ ...each, id: fromBase64Url(each.id) }));
  const user = options.user as { id: string } | undefined;
  return {
    ...options,
    challenge: fromBase64Url(options.challenge as string),
    ...(user && { user: { ...user, id: fromBase64Url(user.id) } }),
    excludeCredentials: ids(options.excludeCredentials),
    allowCredentials: ids(options.allowCredentials),
  };
}

function inJson(credential: PublicKeyCredential): Json {
  const { response } = credential;
  const told: Json = { clientDataJSON: toBase64Url(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    told.attestationObject = toBase64Url(response.attestationObject);
    told.transports = response.getTransports?.() ?? [];
  } else if (response instanceof AuthenticatorAssertionResponse) {
    told.authenticatorData = toBase64Url(response.authenticatorData);
    told.signature = toBase64Url(response.signature);
    if (response.userHandle) told.userHandle = toBase64Url(response.userHandle);
  }
  return {
    id: credential.id,
    rawId: toBase64Url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: told,
  };
}

/** What to say where a device or its owner declined. */
export function passkeyWords(error: unknown): string {
  if (error instanceof DOMException && error.name === 'NotAllowedError') return 'No passkey was used.';
  if (error instanceof DOMException && error.name === 'InvalidStateError')
    return 'This device has a passkey here already.';
  return error instanceof Error ? error.message : String(error);
}
