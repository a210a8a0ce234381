"""A course's expressions in the language, against PyTorch: values and the gradient of every variable.

After Stanford's CS231n, Karpathy's micrograd lectures, Nielsen's book and chapter 6 of Goodfellow, Bengio and
Courville: neurons, losses, normalisation, attention, recurrent cells, convolutions as sums over an index.
"""

# ruff: noqa: N803 - matrices have capital letters here as well
import pytest

from bpcalc import backprop

torch = pytest.importorskip("torch")
F = torch.nn.functional

W, x, b = [[0.5, -0.2, 0.1], [0.3, 0.8, -0.5]], [1.0, -2.0, 0.5], [0.1, -0.1]
X, V = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.2]], [[1.0, 0.0], [0.5, 2.0], [-1.0, 1.0]]
Q, K = [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], [[0.2, 0.1], [0.0, 0.4], [-0.3, 0.5]]
IMAGE = [[1.0, 2.0, -1.0], [0.5, 3.0, 1.0], [2.0, -2.0, 0.1]]
CASES = [
    ("mul gate", "x*y+z",
     {"x": 2.0, "y": 3.0, "z": -1.0},
     lambda x, y, z: x * y + z),
    ("sigmoid neuron", "1/(1+exp(-(w0*x0+w1*x1+w2)))",
     {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0},
     lambda w0, x0, w1, x1, w2: 1 / (1 + torch.exp(-(w0 * x0 + w1 * x1 + w2)))),
    ("staged cs231n", "sx = sigmoid(x); num = x+sigmoid(y); den = sx+(x+y)^2; f = num/den",
     {"x": 3.0, "y": -4.0},
     lambda x, y: (x + torch.sigmoid(y)) / (torch.sigmoid(x) + (x + y) ** 2)),
    ("micrograd", "o = tanh(x1*w1+x2*w2+b)",
     {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.88},
     lambda x1, x2, w1, w2, b: torch.tanh(x1 * w1 + x2 * w2 + b)),
    ("linear", "sum(W @ x + b)",
     {"W": W, "x": x, "b": b},
     lambda W, x, b: (W @ x + b).sum()),
    ("mlp", "h = relu(W@x+b); L = sum(h^2)",
     {"W": W, "x": x, "b": b},
     lambda W, x, b: (F.relu(W @ x + b) ** 2).sum()),
    ("softmax ce", "s = W@x+b; L = cross_entropy(s, 1)",
     {"W": W, "x": x, "b": b},
     lambda W, x, b: F.cross_entropy((W @ x + b)[None], torch.tensor([1]))),
    ("softmax ce by hand", "s = W@x+b; p = exp(s)/sum(exp(s)); L = -log(p[1])",
     {"W": W, "x": x, "b": b},
     lambda W, x, b: F.cross_entropy((W @ x + b)[None], torch.tensor([1]))),
    ("batch ce", "S = X@V.T; L = mean(cross_entropy(S, [0,2,1]))",
     {"X": X, "V": V},
     lambda X, V: F.cross_entropy(X @ V.T, torch.tensor([0, 2, 1]))),
    ("svm", "s = W@x+b; L = sum(max(0,s[j]-s[0]+1) for j in range(2) if j!=0)",
     {"W": W, "x": x, "b": b},
     lambda W, x, b: torch.clamp((W @ x + b)[1] - (W @ x + b)[0] + 1, min=0)),
    ("l2 reg", "L = mean((X@w-t)^2)+0.1*sum(w^2)",
     {"X": X, "w": [0.5, -0.3], "t": [1.0, 0.0, 2.0]},
     lambda X, w, t: ((X @ w - t) ** 2).mean() + 0.1 * (w ** 2).sum()),
    ("l1 reg", "mse(X@w,t)+0.1*l1(w)",
     {"X": X, "w": [0.5, -0.3], "t": [1.0, 0.0, 2.0]},
     lambda X, w, t: ((X @ w - t) ** 2).mean() + 0.1 * w.abs().sum()),
    ("dropout", "h = relu(W@x+b)*[1,0]/0.5; L = sum(h)",
     {"W": W, "x": x, "b": b},
     lambda W, x, b: (F.relu(W @ x + b) * torch.tensor([1.0, 0.0]) / 0.5).sum()),
    ("batchnorm", "mu = mean(X,axis=0); v = mean((X-mu)^2,axis=0); Y = g*(X-mu)/sqrt(v+1e-5)+b; L = sum(Y^3)",
     {"X": X, "g": [1.0, 2.0], "b": b},
     lambda X, g, b: ((g * (X - X.mean(0)) / torch.sqrt(((X - X.mean(0)) ** 2).mean(0) + 1e-05) + b) ** 3).sum()),
    ("layernorm", "mu = mean(X,axis=1,keepdims=1); v = mean((X-mu)^2,axis=1,keepdims=1); Y = g*(X-mu)/sqrt(v+1e-5)+b; "
     "L = sum(Y^3)",
     {"X": X, "g": [1.0, 2.0], "b": b},
     lambda X, g, b: (F.layer_norm(X, (2,), g, b) ** 3).sum()),
    ("rmsnorm", "Y = g*X/sqrt(mean(X^2,axis=1,keepdims=1)+1e-6); L = sum(Y^3)",
     {"X": X, "g": [1.0, 2.0]},
     lambda X, g: ((g * X / torch.sqrt((X ** 2).mean(1, keepdim=True) + 1e-06)) ** 3).sum()),
    ("attention", "A = softmax(Q@K.T/sqrt(2)); O = A@V; L = sum(O^2)",
     {"Q": Q, "K": K, "V": V},
     lambda Q, K, V: ((torch.softmax(Q @ K.T / 2 ** 0.5, -1) @ V) ** 2).sum()),
    ("causal attention", "M=[0 -1e9 -1e9; 0 0 -1e9; 0 0 0]; A=softmax(Q@K.T/sqrt(2)+M); L=sum((A@V)^2)",
     {"Q": Q, "K": K, "V": V},
     lambda Q, K, V: ((torch.softmax(Q @ K.T / 2 ** 0.5 + torch.triu(torch.full((3, 3), -1e9), 1), -1)
                       @ V) ** 2).sum()),
    ("two heads", "h(q,k,v) = softmax(q@k.T)@v; O = concat(h(Q,K,V),h(K,Q,V),axis=1); L = sum(O^2)",
     {"Q": Q, "K": K, "V": V},
     lambda Q, K, V: (torch.cat([torch.softmax(Q @ K.T, -1) @ V, torch.softmax(K @ Q.T, -1) @ V], 1) ** 2).sum()),
    ("transformer block", "A = softmax(Q@K.T/sqrt(2)); R = X+A@V; mu = mean(R,axis=1,keepdims=1); "
     "N = (R-mu)/sqrt(mean((R-mu)^2,axis=1,keepdims=1)+1e-5); F = gelu(N@U)@U.T; L = sum((R+F)^2)",
     {"Q": Q, "K": K, "V": V, "X": X, "U": [[0.1, 0.2], [0.3, -0.4]]},
     lambda Q, K, V, X, U: (lambda R: ((R + F.gelu(F.layer_norm(R, (2,)) @ U) @ U.T) ** 2).sum())(
         X + torch.softmax(Q @ K.T / 2 ** 0.5, -1) @ V)),
    ("rnn 3 steps", "st(h,u) = tanh(A@h+B*u); h1 = st([0,0],0.5); h2 = st(h1,-1); h3 = st(h2,2); L = sum(h3)",
     {"A": [[0.1, 0.4], [-0.3, 0.2]], "B": [0.5, -0.7]},
     lambda A, B: torch.tanh(A @ torch.tanh(A @ torch.tanh(B * 0.5) + B * -1) + B * 2).sum()),
    ("lstm", "i = sigmoid(wi*x+ui*h); f = sigmoid(wf*x+uf*h); o = sigmoid(wo*x+uo*h); "
     "g = tanh(wg*x+ug*h); c2 = f*c+i*g; "
     "h2 = o*tanh(c2)",
     {"wi": 0.1, "x": 1.0, "ui": 0.2, "h": 0.3, "wf": 0.4, "uf": 0.5,
      "wo": -0.6, "uo": 0.7, "wg": 0.8, "ug": -0.9, "c": 0.25},
     lambda wi, x, ui, h, wf, uf, wo, uo, wg, ug, c: torch.sigmoid(wo * x + uo * h) * torch.tanh(
         torch.sigmoid(wf * x + uf * h) * c + torch.sigmoid(wi * x + ui * h) * torch.tanh(wg * x + ug * h))),
    ("gru", "z = sigmoid(wz*x+uz*h); r = sigmoid(wr*x+ur*h); n = tanh(wn*x+un*(r*h)); h2 = (1-z)*n+z*h",
     {"wz": 0.1, "x": 1.0, "uz": 0.2, "h": 0.3, "wr": 0.4, "ur": 0.5, "wn": -0.6, "un": 0.7},
     lambda wz, x, uz, h, wr, ur, wn, un: (lambda z, r: (1 - z) * torch.tanh(wn * x + un * (r * h)) + z * h)(
         torch.sigmoid(wz * x + uz * h), torch.sigmoid(wr * x + ur * h))),
    ("conv1d", "y = [sum(x[i+k]*w[k] for k in range(2)) for i in range(3)]; L = sum(y^2)",
     {"x": [1.0, 2.0, -1.0, 0.5], "w": [0.3, -0.4]},
     lambda x, w: (F.conv1d(x[None, None], w[None, None]) ** 2).sum()),
    ("conv2d", "y = [[sum(x[i+k,j+l]*w[k,l] for k in range(2) for l in range(2)) for j in range(2)] "
     "for i in range(2)]; "
     "L = sum(relu(y))",
     {"x": IMAGE, "w": [[0.3, -0.4], [0.2, 0.1]]},
     lambda x, w: F.relu(F.conv2d(x[None, None], w[None, None])).sum()),
    ("maxpool", "y = [[max(x[i:i+2,j:j+2]) for j in range(2)] for i in range(2)]; L = sum(y^2)",
     {"x": IMAGE},
     lambda x: (F.max_pool2d(x[None, None], 2, 1) ** 2).sum()),
    ("embedding", "e = E[[2,0],:]; L = sum(e^2)",
     {"E": X},
     lambda E: (E[[2, 0]] ** 2).sum()),
    ("embedding int", "L = sum(E[2]^2)",
     {"E": X},
     lambda E: (E[2] ** 2).sum()),
    ("logreg", "bce(sigmoid(w*x+b), 1)",
     {"w": 0.5, "x": 2.0, "b": 0.1},
     lambda w, x, b: -torch.log(torch.sigmoid(w * x + b))),
    ("bce logits", "mean(bce_with_logits(X@w, [1,0,1]))",
     {"X": X, "w": [0.5, -0.3]},
     lambda X, w: F.binary_cross_entropy_with_logits(X @ w, torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64))),
    ("kl", "sum(p*log(p/q))",
     {"p": [0.2, 0.8], "q": [0.5, 0.5]},
     lambda p, q: (p * torch.log(p / q)).sum()),
    ("entropy", "p = softmax(s); -sum(p*log(p))",
     {"s": [1.0, 2.0, 0.5]},
     lambda s: -(torch.softmax(s, 0) * torch.log_softmax(s, 0)).sum()),
    ("vae kl", "-0.5*sum(1+lv-mu^2-exp(lv))",
     {"mu": [0.1, -0.3], "lv": [0.2, 0.4]},
     lambda mu, lv: -0.5 * (1 + lv - mu ** 2 - lv.exp()).sum()),
    ("gauss nll", "0.5*log(2*pi*s^2)+(x-m)^2/(2*s^2)",
     {"s": 1.5, "x": 2.0, "m": 0.5},
     lambda s, x, m: 0.5 * torch.log(2 * torch.pi * s ** 2) + (x - m) ** 2 / (2 * s ** 2)),
    ("cosine", "dot(u,v)/(norm(u)*norm(v))",
     {"u": [1.0, 2.0], "v": [0.5, -1.0]},
     lambda u, v: F.cosine_similarity(u, v, 0)),
    ("triplet", "relu(norm(a-p)-norm(a-n)+1)",
     {"a": [1.0, 2.0], "p": [0.5, 1.0], "n": [1.0, 2.5]},
     lambda a, p, n: F.relu((a - p).norm() - (a - n).norm() + 1)),
    ("hopfield quad", "-0.5*x@(W@W.T)@x",
     {"x": [1.0, -2.0], "W": W},
     lambda x, W: -0.5 * x @ (W @ W.T) @ x),
    ("momentum fold", "v = 0.9*v0-lr*g; w1 = w+v",
     {"v0": 0.1, "lr": 0.01, "g": 2.0, "w": 1.0},
     lambda v0, lr, g, w: w + 0.9 * v0 - lr * g),
    ("residual", "h = x+W.T@relu(W@x); L = sum(h^2)",
     {"W": W, "x": x},
     lambda W, x: ((x + W.T @ F.relu(W @ x)) ** 2).sum()),
    ("focal", "p = sigmoid(z); -(1-p)^2*log(p)",
     {"z": 0.3},
     lambda z: -(1 - torch.sigmoid(z)) ** 2 * F.logsigmoid(z)),
    ("label smoothing", "t = 0.9*one_hot(1,3)+0.1/3; L = -sum(t*log_softmax(s))",
     {"s": [1.0, 2.0, 0.5]},
     lambda s: F.cross_entropy(s[None], torch.tensor([1]), label_smoothing=0.1)),
    ("leaky/elu/silu", "sum(leaky_relu(x))+sum(elu(x))+sum(silu(x))",
     {"x": x},
     lambda x: (F.leaky_relu(x) + F.elu(x) + F.silu(x)).sum()),
]


@pytest.mark.parametrize(("text", "values", "reference"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_course_can_be_written_down(text, values, reference):
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in values.items()}
    expected = reference(**leaves)
    expected.backward()
    report = backprop(text, values)
    assert report.value == pytest.approx(expected.item(), rel=1e-9)
    for name, leaf in leaves.items():
        slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        found = torch.as_tensor(report.gradients[name], dtype=torch.float64)
        assert torch.allclose(found.reshape(slope.shape), slope, rtol=1e-8, atol=1e-10), name
