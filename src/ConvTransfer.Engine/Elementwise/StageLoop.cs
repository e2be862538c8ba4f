using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Elementwise;

/// <summary>One stage of an epilogue as a step of its own, over float32 [N, C, positions]: the same routine as behind a sum, and so the same bits.</summary>
internal sealed unsafe class StageLoop : ElementLoop
{
    private readonly RowEpilogue _stage;
    private readonly VectorWidth _width;
    private readonly int _channels;

    /// <summary>Plans a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="images">N.</param>
    /// <param name="channels">C; 1 for a stage that knows no channels.</param>
    /// <param name="positions">The elements of one channel of one image.</param>
    /// <param name="width">The width of the vectors.</param>
    public StageLoop(EpilogueStage stage, long images, int channels, long positions, VectorWidth width)
        // The residual's strides are the result's; the made-up operand of channels keeps rows of different channels apart.
        : base(new SpreadGeometry([images, channels, positions], [0, 1, 0]))
    {
        _stage = new RowEpilogue(new Epilogue(stage));
        _width = width;
        _channels = channels;
        Positions = (nint)positions;
    }

    private nint Positions { get; }

    private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
    {
        // Where axes were merged a row may hold several channels.
        nint start = (row * Geometry.Inner) + from, end = (row * Geometry.Inner) + to;
        while (start < end)
        {
            nint next = Positions == 0 ? end : Math.Min(end, ((start / Positions) + 1) * Positions);
            Apply((float*)x + start, (int)(start / Positions % _channels), (float*)y, (float*)result, start, checked((int)(next - start)));
            start = next;
        }
    }

    private void Apply(float* x, int channel, float* residual, float* result, nint offset, int count)
    {
        switch (_width)
        {
            case VectorWidth.Bits512: _stage.ApplyRows<F32x16>(x, 0, 1, count, channel, null, result, offset, 0, &residual); break;
            case VectorWidth.Bits256: _stage.ApplyRows<F32x8>(x, 0, 1, count, channel, null, result, offset, 0, &residual); break;
            default: _stage.ApplyRows<F32x4>(x, 0, 1, count, channel, null, result, offset, 0, &residual); break;
        }
    }
}
