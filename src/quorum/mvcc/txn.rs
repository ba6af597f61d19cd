use super::tables::Tables;
use super::{Result, Writer, compare, delete, put, range};
use crate::wire::Refusal;
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{
    RangeRequest, RequestOp, ResponseHeader, ResponseOp, TxnRequest, TxnResponse,
};

/// Carries out a transaction: conditions and permissions first, so that it does all or nothing.
pub(super) fn txn(writer: &mut Writer<'_>, request: &TxnRequest) -> Result<TxnResponse> {
    let path = choose(&writer.tables, request)?;
    check(writer, &path)?;
    let mut response = carry_out(writer, &path)?;
    response.header = writer.header();
    Ok(response)
}

/// What a transaction reads, where it changes nothing whichever branch it takes.
pub fn reads(request: &TxnRequest) -> Option<Vec<&RangeRequest>> {
    let mut reads = Vec::new();
    for op in request.success.iter().chain(&request.failure) {
        match op.request.as_ref()? {
            Request::RequestRange(range) => reads.push(range),
            Request::RequestTxn(inner) => reads.extend(self::reads(inner)?),
            Request::RequestPut(_) | Request::RequestDeleteRange(_) => return None,
        }
    }
    Some(reads)
}

/// Answers a transaction that changes nothing (see [`reads`]).
///
/// # Errors
/// It reads what is not there any more, or not yet; or the storage failed.
pub fn read_txn(tables: &impl Tables, request: &TxnRequest) -> Result<TxnResponse> {
    let path = choose(tables, request)?;
    check_ranges(tables, &path)?;
    answer(tables, &path)
}

fn answer(tables: &impl Tables, path: &Path<'_>) -> Result<TxnResponse> {
    let mut responses = Vec::with_capacity(path.steps.len());
    for step in &path.steps {
        let response = match step {
            Step::Txn(inner) => Response::ResponseTxn(answer(tables, inner)?),
            Step::Request(Request::RequestRange(request)) => {
                Response::ResponseRange(range::range(tables, request)?)
            }
            Step::Request(_) => return Err(Refusal::Unknown.into()),
        };
        responses.push(ResponseOp { response: Some(response) });
    }
    let header = Some(ResponseHeader { revision: tables.revision(), ..Default::default() });
    Ok(TxnResponse { header, succeeded: path.succeeded, responses })
}

/// The branch that a transaction takes, and those of the transactions within it. All conditions
/// are judged on the state before the whole transaction.
struct Path<'r> {
    succeeded: bool,
    steps: Vec<Step<'r>>,
}

enum Step<'r> {
    Request(&'r Request),
    Txn(Path<'r>),
}

fn choose<'r>(tables: &impl Tables, request: &'r TxnRequest) -> Result<Path<'r>> {
    let succeeded = compare::all_hold(tables, &request.compare)?;
    let branch = if succeeded { &request.success } else { &request.failure };
    let steps = branch.iter().map(|op| choose_op(tables, op)).collect::<Result<_>>()?;
    Ok(Path { succeeded, steps })
}

fn choose_op<'r>(tables: &impl Tables, op: &'r RequestOp) -> Result<Step<'r>> {
    match op.request.as_ref().ok_or(Refusal::Unknown)? {
        Request::RequestTxn(inner) => Ok(Step::Txn(choose(tables, inner)?)),
        request => Ok(Step::Request(request)),
    }
}

/// All puts first, then all reads: the first fault found is the one that is told.
fn check(writer: &Writer<'_>, path: &Path<'_>) -> Result<()> {
    check_each(path, &|request| match request {
        Request::RequestPut(request) => put::check(&writer.tables, request),
        _ => Ok(()),
    })?;
    check_ranges(&writer.tables, path)
}

fn check_ranges(tables: &impl Tables, path: &Path<'_>) -> Result<()> {
    check_each(path, &|request| match request {
        Request::RequestRange(request) => range::check_revision(tables, request.revision),
        _ => Ok(()),
    })
}

fn check_each(path: &Path<'_>, check: &impl Fn(&Request) -> Result<()>) -> Result<()> {
    path.steps.iter().try_for_each(|step| match step {
        Step::Txn(inner) => check_each(inner, check),
        Step::Request(request) => check(request),
    })
}

fn carry_out(writer: &mut Writer<'_>, path: &Path<'_>) -> Result<TxnResponse> {
    let mut responses = Vec::with_capacity(path.steps.len());
    for step in &path.steps {
        let response = match step {
            Step::Txn(inner) => Response::ResponseTxn(carry_out(writer, inner)?),
            Step::Request(request) => carry_out_request(writer, request)?,
        };
        responses.push(ResponseOp { response: Some(response) });
    }
    Ok(TxnResponse { header: writer.header(), succeeded: path.succeeded, responses })
}

fn carry_out_request(writer: &mut Writer<'_>, request: &Request) -> Result<Response> {
    Ok(match request {
        Request::RequestRange(request) => {
            Response::ResponseRange(range::range(&writer.tables, request)?)
        }
        Request::RequestPut(request) => Response::ResponsePut(put::put(writer, request)?),
        Request::RequestDeleteRange(request) => {
            Response::ResponseDeleteRange(delete::delete_range(writer, request)?)
        }
        Request::RequestTxn(_) => return Err(Refusal::Unknown.into()),
    })
}
