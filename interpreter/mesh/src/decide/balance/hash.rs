//! The hash that tables of endpoints go by.
//!
//! It is SHA-256, cut into numbers of 64 bits with the first byte highest. It is the same on every machine and in every
//! version, so that all who send to a service agree on who serves which key; and keys that are counted up, or that
//! somebody chooses, spread as evenly as any others. It takes less than a microsecond, which a request does not feel.

use sha2::{Digest, Sha256};

/// The four numbers of a text.
pub(super) fn four(text: &str) -> [u64; 4] {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(digest.chunks_exact(8)) {
        *number = bytes.iter().fold(0, |high, byte| (high << 8) | u64::from(*byte));
    }
    numbers
}

/// Where a text stands in a table.
#[must_use]
pub fn hash(text: &str) -> u64 {
    let [first, ..] = four(text);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_the_standard() {
        // FIPS 180-4, the example of one block: ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad
        assert_eq!(
            four("abc"),
            [
                0xba78_16bf_8f01_cfea,
                0x4141_40de_5dae_2223,
                0xb003_61a3_9617_7a9c,
                0xb410_ff61_f200_15ad,
            ]
        );
        assert_eq!(hash("abc"), 0xba78_16bf_8f01_cfea);
    }
}
