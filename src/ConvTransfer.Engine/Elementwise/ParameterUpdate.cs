using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Elementwise;

/// <summary>The rules by which a parameter moves against its gradient.</summary>
internal enum UpdateRule
{
    /// <summary>v = momentum · v + g; w −= rate · v. Nesterov: w −= rate · (g + momentum · v). Weight decay is added to g.</summary>
    Sgd,

    /// <summary>Adam with bias correction; weight decay is added to g.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay: w is first multiplied by 1 − rate · decay.</summary>
    AdamW,
}

/// <summary>The numbers of one update. Sources: Sutskever et al., 2013 (momentum, Nesterov); Kingma and Ba, Adam, 2015, algorithm 1; Loshchilov and Hutter, Decoupled Weight Decay, 2019, algorithm 2.</summary>
internal readonly record struct UpdateSettings(UpdateRule Rule, float Rate, float WeightDecay)
{
    public float Momentum { get; init; }

    public bool Nesterov { get; init; }

    public float Beta1 { get; init; }

    public float Beta2 { get; init; }

    public float Epsilon { get; init; }

    /// <summary>1 − beta1^t, 1 for rules without it.</summary>
    public float Correction1 { get; init; }

    /// <summary>1 − beta2^t.</summary>
    public float Correction2 { get; init; }

    /// <summary>A factor on the gradient: 1 / accumulated batches, and the clipping of its norm.</summary>
    public float GradientScale { get; init; }
}

/// <summary>Moves parameters against their gradients, in vectors, divided over a crew. Each element's bits depend on that element alone.</summary>
internal sealed unsafe class ParameterUpdate : CrewWork
{
    private const int PerUnit = 16 << 10;

    private static readonly ParameterUpdate Instance = new();

    private struct State
    {
        public float* W, G, M, V;
        public nint Count;
        public UpdateSettings Settings;
    }

    /// <summary>Updates one parameter.</summary>
    /// <param name="w">The parameter; changed.</param>
    /// <param name="g">Its gradient.</param>
    /// <param name="m">The first moment, or the velocity; changed.</param>
    /// <param name="v">The second moment; changed. Empty for <see cref="UpdateRule.Sgd"/>.</param>
    /// <param name="settings">The numbers.</param>
    /// <param name="crew">The threads.</param>
    public static void Run(Span<float> w, ReadOnlySpan<float> g, Span<float> m, Span<float> v, in UpdateSettings settings, Crew crew)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(g.Length, w.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(m.Length, w.Length);
        if (settings.Rule != UpdateRule.Sgd) ArgumentOutOfRangeException.ThrowIfNotEqual(v.Length, w.Length);
        fixed (float* pw = w, pg = g, pm = m, pv = v)
        {
            var state = new State { W = pw, G = pg, M = pm, V = pv, Count = w.Length, Settings = settings };
            crew.For(Instance, &state, (w.Length + PerUnit - 1) / PerUnit);
        }
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        ref var s = ref *(State*)state;
        nint from = (nint)unit * PerUnit, to = Math.Min(s.Count, from + PerUnit);
        switch (VectorWidths.Best)
        {
            case VectorWidth.Bits512: Part<F32x16>(s, from, to); break;
            case VectorWidth.Bits256: Part<F32x8>(s, from, to); break;
            default: Part<F32x4>(s, from, to); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part<V>(in State s, nint from, nint to) where V : unmanaged, IVector<V>
    {
        nint i = from;
        if (s.Settings.Rule == UpdateRule.Sgd)
        {
            for (; i + V.Count <= to; i += V.Count) Sgd<V>(s, i);
            for (; i < to; i++) Sgd<F32x1>(s, i);
        }
        else
        {
            for (; i + V.Count <= to; i += V.Count) Adam<V>(s, i);
            for (; i < to; i++) Adam<F32x1>(s, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sgd<V>(in State s, nint i) where V : unmanaged, IVector<V>
    {
        V w = V.Load(s.W + i), momentum = V.Splat(s.Settings.Momentum);
        V g = V.MulAdd(w, V.Splat(s.Settings.WeightDecay), V.Load(s.G + i) * V.Splat(s.Settings.GradientScale));
        V v = V.MulAdd(momentum, V.Load(s.M + i), g);
        V.Store(v, s.M + i);
        V step = s.Settings.Nesterov ? V.MulAdd(momentum, v, g) : v;
        V.Store(V.MulAdd(V.Splat(-s.Settings.Rate), step, w), s.W + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Adam<V>(in State s, nint i) where V : unmanaged, IVector<V>
    {
        V w = V.Load(s.W + i), g = V.Load(s.G + i) * V.Splat(s.Settings.GradientScale), beta1 = V.Splat(s.Settings.Beta1), beta2 = V.Splat(s.Settings.Beta2), one = V.Splat(1);
        if (s.Settings.Rule == UpdateRule.AdamW) w *= V.Splat(1 - (s.Settings.Rate * s.Settings.WeightDecay));
        else g = V.MulAdd(w, V.Splat(s.Settings.WeightDecay), g);
        V m = V.MulAdd(beta1, V.Load(s.M + i), (one - beta1) * g), v = V.MulAdd(beta2, V.Load(s.V + i), (one - beta2) * g * g);
        V.Store(m, s.M + i);
        V.Store(v, s.V + i);
        V root = (V.Sqrt(v) / V.Splat(MathF.Sqrt(s.Settings.Correction2))) + V.Splat(s.Settings.Epsilon);
        V.Store(w - (V.Splat(s.Settings.Rate / s.Settings.Correction1) * m / root), s.W + i);
    }
}
