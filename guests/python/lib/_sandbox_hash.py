"""hashlib's key derivation, which CPython takes from OpenSSL."""


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    """Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function."""
    import hashlib
    if not isinstance(hash_name, str):
        raise TypeError(hash_name)
    password, salt = bytes(memoryview(password)), bytes(memoryview(salt))
    inner, outer = hashlib.new(hash_name), hashlib.new(hash_name)
    block = getattr(inner, "block_size", 64)
    if len(password) > block:
        password = hashlib.new(hash_name, password).digest()
    password += b"\0" * (block - len(password))
    inner.update(bytes(byte ^ 0x36 for byte in password))
    outer.update(bytes(byte ^ 0x5C for byte in password))
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    dklen = outer.digest_size if dklen is None else dklen
    if dklen < 1:
        raise ValueError("key length must be greater than 0.")

    def prf(message):
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    key, index, from_bytes = b"", 1, int.from_bytes
    while len(key) < dklen:
        digest = prf(salt + index.to_bytes(4, "big"))
        mixed = from_bytes(digest, "big")
        for _ in range(iterations - 1):
            digest = prf(digest)
            mixed ^= from_bytes(digest, "big")
        key += mixed.to_bytes(inner.digest_size, "big")
        index += 1
    return key[:dklen]


def scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64):
    """scrypt password-based key derivation function."""
    from _sandbox_platform import scrypt_mix
    if n < 2 or n & (n - 1):
        raise ValueError("n must be a power of 2.")
    if r < 1 or p < 1 or r * p >= 1 << 30:
        raise ValueError("Invalid parameter combination for n, r, p, maxmem.")
    if 128 * r * (n + p + 2) > (maxmem or 32 << 20):
        raise ValueError("Invalid parameter combination for n, r, p, maxmem.")
    if dklen < 1:
        raise ValueError("dklen must be greater than 0 and smaller than 2147483647")
    blocks = pbkdf2_hmac("sha256", password, salt, 1, 128 * r * p)
    return pbkdf2_hmac("sha256", password, scrypt_mix(blocks, n, r), 1, dklen)
