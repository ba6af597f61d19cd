use super::power::Power;
use super::world::World;
use crate::peer::NotConnected;
use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full};
use mesoform_checks::{Way, way};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Service, StdError, http};
use tonic::service::Routes;
use tower::service_fn;

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// After so long a connection that carries nothing is given up.
const GIVEN_UP: Duration = Duration::from_secs(4);

/// Who can be reached where, and what happens on the way.
#[derive(Default)]
pub struct Network {
    ports: Mutex<BTreeMap<String, Port>>,
    weather: Mutex<Weather>,
    /// From whom nothing comes to whom.
    cut: Mutex<BTreeSet<(usize, usize)>>,
}

/// What listens at an address.
#[derive(Clone)]
pub struct Port {
    pub voter: usize,
    pub power: Power,
    pub routes: Routes,
}

/// Of a hundred messages so many are lost, come twice, or come late.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    pub lost: u64,
    pub twice: u64,
    pub late: u64,
}

impl Network {
    pub fn listen(&self, address: String, port: Port) {
        self.ports.lock().unwrap().insert(address, port);
    }

    /// A voter listens nowhere any more.
    pub fn leave(&self, voter: usize) {
        self.ports.lock().unwrap().retain(|_, port| port.voter != voter);
    }

    /// Who listens there, and is alive.
    pub fn port(&self, address: &str) -> Option<Port> {
        self.ports.lock().unwrap().get(address).filter(|port| !port.power.is_off()).cloned()
    }

    pub fn set_weather(&self, weather: Weather) {
        *self.weather.lock().unwrap() = weather;
    }

    pub fn cut(&self, from: usize, to: usize) {
        self.cut.lock().unwrap().insert((from, to));
    }

    pub fn heal(&self) {
        self.cut.lock().unwrap().clear();
    }

    /// How long a message is on its way, and whether it comes twice; none: it never arrives.
    fn fate(&self, world: &World, from: usize, to: usize) -> Option<(Duration, bool)> {
        let weather = *self.weather.lock().unwrap();
        let is_cut = self.cut.lock().unwrap().contains(&(from, to));
        let lost = world.percent(weather.lost);
        let delay = match world.percent(weather.late) {
            true => world.millis(20, 600),
            false => world.millis(1, 6),
        };
        let twice = world.percent(weather.twice);
        (!is_cut && !lost).then_some((delay, twice))
    }
}

/// What connects one life of a voter with the others.
#[derive(Clone)]
pub struct Dialler {
    world: Arc<World>,
    from: usize,
    power: Power,
}

impl Dialler {
    pub fn new(world: Arc<World>, from: usize, power: Power) -> Self {
        Self { world, from, power }
    }

    pub fn to(&self, address: &str) -> Way {
        let (dialler, address) = (self.clone(), address.to_owned());
        way(service_fn(move |request| {
            let (dialler, address) = (dialler.clone(), address.clone());
            async move { dialler.carry(&address, request).await }
        }))
    }

    async fn carry(&self, address: &str, request: Request) -> Result<Response, StdError> {
        let Some(port) = self.world.network.port(address) else {
            sleep(Duration::from_millis(1)).await;
            return Err(refused().into());
        };
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let twice = self.travel(self.from, port.voter).await?;
        // Raft bears that its messages come twice. TCP sees to it that no other does, and what clients
        // want must not be done twice.
        if twice && !parts.uri.path().ends_with("/Forward") {
            let (dialler, again) = (self.clone(), message(&parts, &body));
            let port = port.clone();
            tokio::spawn(async move {
                sleep(dialler.world.millis(1, 400)).await;
                deliver(port, again).await
            });
        }
        // It is carried out also when nobody waits for the answer any more.
        let answer = tokio::spawn(deliver(port.clone(), message(&parts, &body))).await??;
        self.travel(port.voter, self.from).await?;
        Ok(answer.map(Body::new))
    }

    async fn travel(&self, from: usize, to: usize) -> Result<bool, io::Error> {
        let fate = self.world.network.fate(&self.world, from, to);
        sleep(fate.map_or(GIVEN_UP, |(delay, _)| delay)).await;
        if self.power.is_off() {
            // Who would hear it is no more.
            std::future::pending::<()>().await;
        }
        fate.map(|(_, twice)| twice).ok_or_else(lost)
    }
}

/// As a channel says it.
fn refused() -> Status {
    let mut status = Status::unavailable("nobody listens");
    status.set_source(Arc::new(NotConnected::new("nobody listens")));
    status
}

fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection is lost")
}

fn message(parts: &http::request::Parts, body: &Bytes) -> Request {
    let mut request = http::Request::new(Body::new(Full::new(body.clone())));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.headers_mut() = parts.headers.clone();
    request
}

async fn deliver(
    mut port: Port,
    request: Request,
) -> Result<http::Response<Collected<Bytes>>, StdError> {
    let work = async {
        let (parts, body) = port.routes.call(request).await?.into_parts();
        Ok::<_, StdError>(http::Response::from_parts(parts, body.collect().await?))
    };
    tokio::select! {
        biased;
        () = port.power.off() => Err(lost().into()),
        answer = work => answer,
    }
}
