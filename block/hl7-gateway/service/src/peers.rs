//! Who may send: addresses, and networks of them.

use std::net::IpAddr;
use std::str::FromStr;

/// An address, or a network such as `10.20.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    /// Leading bits that count.
    bits: u32,
}

/// Text that is neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as 10.20.3.4 or a network such as 10.20.0.0/16")]
pub(crate) struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| NotANetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if width < bits { Err(NotANetwork) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    /// Whether an address lies in it. An IPv4 address written as IPv6 is itself.
    pub(crate) fn holds(&self, peer: IpAddr) -> bool {
        let (own, peer, width) = match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                (u128::from(own.to_bits()), u128::from(peer.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => (own.to_bits(), peer.to_bits(), 128),
            _ => return false,
        };
        // Shifting by all bits is an overflow: nothing counts then.
        let shift = width - self.bits;
        own.checked_shr(shift).unwrap_or(0) == peer.checked_shr(shift).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, peer, holds) in [
            ("10.20.3.4", "10.20.3.4", true),
            ("10.20.3.4", "10.20.3.5", false),
            ("10.20.0.0/16", "10.20.255.1", true),
            ("10.20.0.0/16", "10.21.0.1", false),
            ("0.0.0.0/0", "192.0.2.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.20.0.0/16", "::ffff:10.20.1.1", true),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(parsed.holds(peer.parse().unwrap()), holds, "{network} {peer}");
        }
        for text in ["", "hospital", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }
}
