// The door to the system's OpenSSL 3: its headers, and inline functions for the macros that Swift cannot import.
// Each function here is one macro (or one typed stack call) of OpenSSL under a martlet_ name; the only one that is more
// builds a parameter array, whose entries keep C pointers that Swift would not keep alive.
#ifndef MARTLET_COPENSSL_SHIM_H
#define MARTLET_COPENSSL_SHIM_H
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Contexts

static inline int martlet_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}

static inline int martlet_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_max_proto_version(context, version);
}

static inline int martlet_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, (char *)groups);
}

static inline int martlet_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate);
}

static inline void martlet_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

static inline void martlet_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_mode(context, mode);
}

static inline void martlet_SSL_CTX_set_max_cert_list(SSL_CTX *context, long bytes) {
    SSL_CTX_set_max_cert_list(context, bytes);
}

static inline void martlet_SSL_CTX_set_dh_auto(SSL_CTX *context) {
    SSL_CTX_set_dh_auto(context, 1);
}

static const uint64_t martlet_server_options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
    | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;

static const uint64_t martlet_client_options = SSL_OP_NO_COMPRESSION;

// Connections

static inline int martlet_SSL_set_tlsext_host_name(SSL *connection, const char *name) {
    return (int)SSL_set_tlsext_host_name(connection, name);
}

static inline int martlet_SSL_get_extms_support(SSL *connection) {
    return (int)SSL_get_extms_support(connection);
}

// Alternative names of a certificate

static inline int martlet_GENERAL_NAMES_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

static inline const GENERAL_NAME *martlet_GENERAL_NAMES_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

// Session tickets

// Keys the code that authenticates a ticket: HMAC-SHA-256.
static inline int martlet_set_ticket_code_key(EVP_MAC_CTX *code, unsigned char *key, size_t length) {
    OSSL_PARAM parameters[3] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, length),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(code, parameters);
}

// Keys and names

static inline EVP_PKEY *martlet_generate_P256_key(void) {
    return EVP_EC_gen("P-256");
}

// RFC 2253, but letters beyond ASCII as UTF-8.
static const unsigned long martlet_name_flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;

// Memory

static inline long martlet_BIO_get_mem_data(BIO *bio, char **data) {
    return BIO_get_mem_data(bio, data);
}
#endif
