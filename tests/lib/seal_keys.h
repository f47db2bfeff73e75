/* seal_keys.h - keys that were made for these tests and have never signed anything else. */
#ifndef TESTS_LIB_SEAL_KEYS_H
#define TESTS_LIB_SEAL_KEYS_H

#define KEY_PASSPHRASE "secret"

extern const char key_ed25519[], key_ed25519_pub[];
extern const char key_p256[], key_p256_pub[];
extern const char key_p384[], key_p384_pub[];
extern const char key_p521[], key_p521_pub[];
extern const char key_rsa2048[], key_rsa2048_pub[];
extern const char key_rsa1024[], key_rsa1024_pub[];
/* key_p256 and key_rsa2048 in other forms: SEC 1, encrypted PKCS#8, encrypted PKCS#1. */
extern const char key_p256_sec1[];
extern const char key_p256_encrypted[];
extern const char key_rsa2048_encrypted[];
/* key_p256_pub with its point compressed, and with its curve spelled out. */
extern const char key_p256_pub_compressed[];
extern const char key_p256_pub_explicit[];
/* key_rsa2048_pub, written as a key for PSS alone. */
extern const char key_rsa2048_pub_pss[];
#endif
