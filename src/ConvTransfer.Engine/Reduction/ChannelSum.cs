using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Reduction;

/// <summary>The sum of each channel of float32 [images, channels, positions]: the gradient of a bias. Immutable.</summary>
internal abstract unsafe class ChannelSum : CrewWork
{
    /// <summary>Plans the sums.</summary>
    /// <param name="images">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="positions">The elements of one channel of one image.</param>
    /// <param name="width">The vectors' width.</param>
    public static ChannelSum Create(int images, int channels, int positions, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new ChannelSum<F32x16>(images, channels, positions),
        VectorWidth.Bits256 => new ChannelSum<F32x8>(images, channels, positions),
        _ => new ChannelSum<F32x4>(images, channels, positions),
    };

    /// <summary>Computes [channels] from [images, channels, positions].</summary>
    public abstract void Run(float* x, float* sums, Crew crew);
}

/// <summary>Each plane is taken in four interleaved vectors of partial sums, then lane by lane in double, and the planes of a channel one after the other: an order that the shape and the width fix.</summary>
internal sealed unsafe class ChannelSum<V>(int images, int channels, int positions) : ChannelSum where V : unmanaged, IVector<V>
{
    private const long ElementsPerUnit = 32 << 10;

    private readonly int _channelsPerUnit = (int)Math.Clamp(ElementsPerUnit / Math.Max(1, (long)images * positions), 1, Math.Max(1, channels));

    public override void Run(float* x, float* sums, Crew crew)
    {
        var operands = new Operands { X = x, Sums = sums };
        crew.For(this, &operands, (channels + _channelsPerUnit - 1) / _channelsPerUnit);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        var operands = (Operands*)state;
        for (int c = unit * _channelsPerUnit; c < Math.Min(channels, (unit + 1) * _channelsPerUnit); c++)
        {
            double sum = 0;
            for (int n = 0; n < images; n++) sum += Plane(operands->X + ((((nint)n * channels) + c) * positions));
            operands->Sums[c] = (float)sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Plane(float* x)
    {
        double sum = 0;
        int i = 0;
        if (positions >= V.Count)
        {
            float* lanes = stackalloc float[V.Count];
            V a = V.Zero, b = a, c = a, d = a;
            for (; i + (4 * V.Count) <= positions; i += 4 * V.Count)
            {
                a += V.Load(x + i);
                b += V.Load(x + i + V.Count);
                c += V.Load(x + i + (2 * V.Count));
                d += V.Load(x + i + (3 * V.Count));
            }
            for (; i + V.Count <= positions; i += V.Count) a += V.Load(x + i);
            V.Store((a + b) + (c + d), lanes);
            for (int j = 0; j < V.Count; j++) sum += lanes[j];
        }
        for (; i < positions; i++) sum += x[i];
        return sum;
    }

    private struct Operands
    {
        public float* X, Sums;
    }
}
