use mesoform_identity::{Authority, Grant};
use mesoform_plan::{Failure, SigningRequest, Step};

/// Signs a host's request for what the plan's own step says: nothing in the request but the key
/// counts.
///
/// # Errors
/// The plan has no such certificate, or the request cannot be signed.
pub fn sign(
    authority: &Authority,
    steps: &[Step],
    request: &SigningRequest,
) -> Result<String, Failure> {
    let refuse = |cause: String| {
        Failure::new(format!("certificate {}", request.role), cause, "run `mesoform up` again")
    };
    let Some(Step::Certificate { role, host, dns, ips, .. }) = steps.get(request.step) else {
        return Err(refuse("the host asks for a certificate that its plan does not have".into()));
    };
    let role = role.parse().map_err(|_| refuse(format!("there is no role {role}")))?;
    let (dns, ips) = (dns.clone(), ips.clone());
    let grant = Grant { dns, ips, ..Grant::new(role, host) };
    authority.sign(&request.csr_pem, &grant).map_err(|e| refuse(e.to_string()))
}
