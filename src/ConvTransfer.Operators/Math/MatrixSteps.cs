using System.Numerics;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Math;

/// <summary>How Gemm and MatMul reach the engine's products.</summary>
internal static unsafe class MatrixSteps
{
    /// <summary>The step of a float32 product; a constant B that all products share is packed once.</summary>
    public static Step Lower(NodeContext n, LoweringContext plan, MatrixGeometry geometry, Affine affine, Slot c)
    {
        var width = VectorWidths.Best;
        PackedColumns? packed = null;
        if (n.Constant(1) is { } b && geometry.BStart.All(s => s == 0))
            packed = plan.Shared($"columns for {(int)width} lanes", () => F32MatrixProduct.Pack(geometry, (float*)b.Pointer, width));
        var product = F32MatrixProduct.Create(geometry, affine, new RowEpilogue(plan.Epilogue), packed, width);
        plan.ReserveScratch(product.ScratchBytes);
        return new ProductStep(product, plan.Input(0), packed is null ? plan.Input(1) : Slot.None, c, plan.Residuals.ToArray(), plan.Output(0));
    }

    /// <summary>The routine for the other element types, and the reference.</summary>
    public static PlainKernel Plain(ElementType type, MatrixGeometry geometry, Affine affine) => type switch
    {
        ElementType.Float64 => new Kernel<double>(geometry, affine),
        ElementType.Float16 => new Kernel<Half>(geometry, affine),
        ElementType.Int32 => new Kernel<int>(geometry, affine),
        ElementType.Int64 => new Kernel<long>(geometry, affine),
        ElementType.UInt32 => new Kernel<uint>(geometry, affine),
        ElementType.UInt64 => new Kernel<ulong>(geometry, affine),
        _ => new Kernel<float>(geometry, affine),
    };

    private sealed class Kernel<T>(MatrixGeometry geometry, Affine affine) : PlainKernel where T : unmanaged, INumber<T>
    {
        public override void Run(in PlainRun run) => ReferenceProduct.Run(geometry, run.Input<T>(0), run.Input<T>(1), run.Input<T>(2), run.Output<T>(0), affine);
    }

    private sealed class ProductStep(F32MatrixProduct product, Slot a, Slot b, Slot c, Slot[] residuals, Slot y) : Step
    {
        public override void Run(in StepRun run)
        {
            float** addends = stackalloc float*[residuals.Length];
            for (int i = 0; i < residuals.Length; i++) addends[i] = run.Pointer<float>(residuals[i]);
            product.Run(new MatrixOperands { A = run.Pointer<float>(a), B = run.Pointer<float>(b), C = run.Pointer<float>(c), Y = run.Pointer<float>(y), Residuals = addends, Scratch = run.Scratch }, run.Crew);
        }
    }
}
