//! Reading certificates: the little that this crate needs of x509-parser and PEM.

use crate::{IdentityError, Result};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

/// All certificates in `pem`; `what` names it in errors. At least one.
pub(crate) fn certificates(pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|e| IdentityError::malformed(what, e))?;
    if found.is_empty() {
        return Err(IdentityError::malformed(what, "there is no PEM certificate in it"));
    }
    Ok(found)
}

pub(crate) fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>> {
    match X509Certificate::from_der(der.as_ref()) {
        Ok(([], cert)) => Ok(cert),
        Ok(_) => Err(IdentityError::malformed("the certificate", "there is more behind it")),
        Err(e) => Err(IdentityError::malformed("the certificate", e)),
    }
}

/// The subject alternative names; empty where the certificate has none.
pub(crate) fn alternative_names<'a, 'b>(
    cert: &'a X509Certificate<'b>,
) -> Result<&'a [GeneralName<'b>]> {
    let mut found: &[GeneralName<'b>] = &[];
    for extension in cert.extensions() {
        if let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() {
            if !found.is_empty() {
                return Err(IdentityError::malformed(
                    "the certificate",
                    "it lists its names twice",
                ));
            }
            found = &names.general_names;
        }
    }
    Ok(found)
}

pub(crate) fn fingerprint(der: &CertificateDer<'_>) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, der.as_ref()))
}
